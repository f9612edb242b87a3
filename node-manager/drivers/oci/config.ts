import type { ResourceVector } from '@/core/resources/vector';
import { type LimitHost, resourceLimits } from './limits';
import { seccompFilter } from './seccomp';

export const UID_RANGE = 65_536;

/** What programs in a sliver find in their environment. */
export const SLIVER_ENV = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'TERM=linux',
] as const;

/** Per process. A core of 0 would still wake the host's own collector of core dumps, which 1 does not (core(5)). */
export const SLIVER_RLIMITS = [
  { type: 'NOFILE', value: 1024 },
  { type: 'CORE', value: 1 },
] as const;

/** What a sliver's root may do inside. Nothing of it reaches outside its user namespace. */
const CAPABILITIES = [
  'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
].map((name) => `CAP_${name}`); // biome-ignore format: a list to read

const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  // The machine's own: its disks, buses, modules and tunables.
  '/sys/block',
  '/sys/bus',
  '/sys/dev',
  '/sys/devices/virtual/block',
  '/sys/devices/virtual/dmi',
  '/sys/devices/virtual/powercap',
  '/sys/firmware',
  '/sys/fs',
  '/sys/hypervisor',
  '/sys/kernel',
  '/sys/module',
  '/sys/power',
];
const READONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export type ContainerSpec = {
  rootfs: string;
  hostname: string;
  init: string;
  cgroupsPath: string;
  uidBase: number;
  resources: ResourceVector;
  host: LimitHost;
  /** The processor, as Node names it. */
  arch: string;
  /** Files of the host that it sees, read-only. */
  files: readonly { source: string; destination: string }[];
};

/** The OCI runtime configuration of a sliver (runtime-spec 1.0). Pure. */
export function containerConfig(s: ContainerSpec) {
  const mapping = [{ containerID: 0, hostID: s.uidBase, size: UID_RANGE }];
  return {
    ociVersion: '1.0.2',
    hostname: s.hostname,
    root: { path: s.rootfs },
    process: {
      args: ['/.init', '-P'],
      cwd: '/',
      user: { uid: 0, gid: 0 },
      env: [...SLIVER_ENV],
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      // su and the like are the sliver's own business: what they gain ends at its user namespace.
      noNewPrivileges: false,
      rlimits: SLIVER_RLIMITS.map(({ type, value }) => ({ type: `RLIMIT_${type}`, soft: value, hard: value })),
    },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
      {
        destination: '/dev',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'],
      },
      {
        destination: '/dev/pts',
        type: 'devpts',
        source: 'devpts',
        options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
      },
      {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'shm',
        options: ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=16384k'],
      },
      { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
      { destination: '/.init', type: 'bind', source: s.init, options: ['bind', 'ro', 'nosuid', 'nodev'] },
      ...s.files.map((file) => ({ ...file, type: 'bind', options: ['bind', 'ro', 'nosuid', 'nodev', 'noexec'] })),
    ],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'cgroup', 'network', 'user'].map((type) => ({ type })),
      uidMappings: mapping,
      gidMappings: mapping,
      cgroupsPath: s.cgroupsPath,
      // ping without raw sockets, for everybody inside
      sysctl: { 'net.ipv4.ping_group_range': `0 ${UID_RANGE - 1}` },
      maskedPaths: MASKED,
      readonlyPaths: READONLY,
      seccomp: seccompFilter(s.arch),
      resources: {
        devices: [{ allow: false, access: 'rwm' }],
        ...resourceLimits(s.resources, s.host),
      },
    },
  };
}
