import type { ResourceVector } from '@/core/resources/vector';

const MIB = 1_048_576;
const CPU_PERIOD_US = 100_000;
export const UID_RANGE = 65_536;

/** What programs in a sliver find in their environment. */
export const SLIVER_ENV = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'HOME=/root',
  'TERM=linux',
] as const;

/** What a sliver's root may do inside. Nothing of it reaches outside its user namespace. */
const CAPABILITIES = [
  'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT',
].map((name) => `CAP_${name}`); // biome-ignore format: a list to read

const MASKED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/sys/firmware',
];
const READONLY = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

export type ContainerSpec = {
  rootfs: string;
  hostname: string;
  init: string;
  cgroupsPath: string;
  uidBase: number;
  resources: ResourceVector;
  hostCpuMilli: number;
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
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1024, hard: 1024 }],
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
      resources: {
        devices: [{ allow: false, access: 'rwm' }],
        memory: { limit: s.resources.memoryMiB * MIB, swap: s.resources.memoryMiB * MIB },
        pids: { limit: s.resources.pidsMax },
        cpu: cpuLimits(s.resources, s.hostCpuMilli),
      },
    },
  };
}

/**
 * Shares follow what is reserved, with the best-effort weight on top, so that a reservation holds when everybody wants the processor.
 * What is idle may be used by anyone, up to half of the machine, or the reservation where that is more.
 */
export function cpuLimits(r: Pick<ResourceVector, 'cpuMilli' | 'cpuShare'>, hostCpuMilli: number) {
  const shares = Math.min(262_144, Math.max(2, Math.round(r.cpuMilli * 1.024) + Math.round(r.cpuShare / 10)));
  const capMilli = Math.max(r.cpuMilli, Math.floor(hostCpuMilli / 2), 100);
  return { shares, period: CPU_PERIOD_US, quota: Math.round((capMilli * CPU_PERIOD_US) / 1000) };
}
