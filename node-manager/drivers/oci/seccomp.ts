/**
 * System calls that a sliver may not make. A sliver's root has no power outside of its user namespace; these are kept from it all the same,
 * since each is a part of the kernel that others broke out through, or that is not told apart by namespaces.
 */
const DENIED = [
  // Keys are of the user, not of a namespace.
  'add_key', 'keyctl', 'request_key',
  // Programs for the kernel, its modules, another kernel.
  'bpf', 'create_module', 'delete_module', 'finit_module', 'init_module', 'kexec_file_load', 'kexec_load', 'query_module',
  // Mounts, by the old calls and the new.
  'fsconfig', 'fsmount', 'fsopen', 'fspick', 'mount', 'mount_setattr', 'move_mount', 'open_tree', 'pivot_root', 'umount', 'umount2',
  // Other namespaces, and files by number instead of by path.
  'setns', 'unshare', 'name_to_handle_at', 'open_by_handle_at',
  // What is the machine's: its clock, its log, its swap, its quotas, its end.
  'acct', 'adjtimex', 'clock_adjtime', 'clock_settime', 'ioperm', 'iopl', 'lookup_dcookie', 'quotactl', 'quotactl_fd', 'reboot',
  'settimeofday', 'stime', 'swapoff', 'swapon', 'syslog', 'vhangup',
  // Wide and often broken.
  'fanotify_init', 'io_uring_enter', 'io_uring_register', 'io_uring_setup', 'kcmp', 'perf_event_open', 'userfaultfd',
  '_sysctl', 'get_kernel_syms', 'modify_ldt', 'nfsservctl', 'sysfs', 'uselib', 'ustat', 'vm86', 'vm86old',
]; // biome-ignore format: a list to read

/** Flags of clone(2) that make a namespace: NEWNS, CGROUP, UTS, IPC, USER, PID, NET. */
const NEW_NAMESPACES = [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000];
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const AF_VSOCK = 40;
const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

const ARCHITECTURES: Record<string, string[]> = {
  x64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  arm64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
};

/**
 * The system call filter of a sliver (runtime-spec's linux.seccomp), for a processor as Node names it. Calls of other architectures end the
 * process, since this list would not mean the same calls there. Pure.
 */
export function seccompFilter(arch: string) {
  const no = (names: string[], errnoRet = EPERM, args?: object[]) => ({
    names,
    action: 'SCMP_ACT_ERRNO',
    errnoRet,
    ...(args ? { args } : {}),
  });
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    ...(ARCHITECTURES[arch] ? { architectures: ARCHITECTURES[arch] } : {}),
    syscalls: [
      no(DENIED),
      // What clone3 asks for lies in memory, where a filter cannot look: programs fall back to clone.
      no(['clone3'], ENOSYS),
      ...NEW_NAMESPACES.map((flag) =>
        no(['clone'], EPERM, [{ index: 0, value: flag, valueTwo: flag, op: 'SCMP_CMP_MASKED_EQ' }]),
      ),
      // Typing into the terminal of who watches.
      ...[TIOCSTI, TIOCLINUX].map((request) =>
        no(['ioctl'], EPERM, [{ index: 1, value: 0xffffffff, valueTwo: request, op: 'SCMP_CMP_MASKED_EQ' }]),
      ),
      // To the machine's own host, past every network namespace.
      no(['socket'], EAFNOSUPPORT, [{ index: 0, value: AF_VSOCK, op: 'SCMP_CMP_EQ' }]),
    ],
  };
}
