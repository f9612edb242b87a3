import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import koffi from 'koffi';

/**
 * System calls that neither Node nor Debian 12's mount(8) has a name for: a bind mount whose owners are shifted by a user
 * namespace's map (Linux 5.12; overlayfs takes it as lower since 5.19). Their numbers are the same on every architecture.
 */
const SYS_OPEN_TREE = 428;
const SYS_MOVE_MOUNT = 429;
const SYS_MOUNT_SETATTR = 442;
const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0x80000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const MOUNT_ATTR_RDONLY = 1;
const MOUNT_ATTR_NOSUID = 2;
const MOUNT_ATTR_IDMAP = 0x100000;

type Syscalls = {
  openTree: (n: number, at: number, path: string, flags: number) => number;
  setattr: (n: number, fd: number, path: string, flags: number, attr: Buffer, size: number) => number;
  move: (n: number, fromFd: number, from: string, toFd: number, to: string, flags: number) => number;
};
let loaded: Syscalls | null = null;

function syscalls(): Syscalls {
  if (loaded) return loaded;
  const libc = koffi.load(null);
  loaded = {
    openTree: libc.func('long syscall(long n, long at, str path, long flags)'),
    setattr: libc.func('long syscall(long n, long fd, str path, long flags, void *attr, long size)'),
    move: libc.func('long syscall(long n, long fromFd, str from, long toFd, str to, long flags)'),
  };
  return loaded;
}

/** Mounts `source` at `target`, read-only, its owners shifted by `base`: what root owns there, `base` owns here. */
export async function mountIdmapped(source: string, target: string, base: number, size: number): Promise<void> {
  const { openTree, setattr, move } = syscalls();
  const userns = await userNamespace(base, size);
  try {
    const tree = checked('open_tree', openTree(SYS_OPEN_TREE, AT_FDCWD, source, OPEN_TREE_CLONE | O_CLOEXEC));
    try {
      const attr = Buffer.alloc(32); // struct mount_attr: attr_set, attr_clr, propagation, userns_fd
      attr.writeBigUInt64LE(BigInt(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_IDMAP), 0);
      attr.writeBigUInt64LE(BigInt(userns), 24);
      checked('mount_setattr', setattr(SYS_MOUNT_SETATTR, tree, '', AT_EMPTY_PATH, attr, attr.length));
      checked('move_mount', move(SYS_MOVE_MOUNT, tree, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
    } finally {
      closeSync(tree);
    }
  } finally {
    closeSync(userns);
  }
}

function checked(name: string, result: number): number {
  if (result >= 0) return result;
  throw new Error(`${name} failed: errno ${koffi.errno()}`);
}

/** A descriptor of a new user namespace with the map 0 → base. It needs a process to be born in; that one ends at once. */
async function userNamespace(base: number, size: number): Promise<number> {
  const child = spawn('unshare', ['--user', 'sh', '-c', 'echo; read _'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  try {
    await Promise.race([
      once(child.stdout, 'data'),
      ended.then(() => Promise.reject(new Error('unshare --user failed: no user namespaces here'))),
    ]);
    for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${child.pid}/${map}`, `0 ${base} ${size}`);
    return openSync(`/proc/${child.pid}/ns/user`, 'r');
  } finally {
    child.stdin.end();
    await ended;
  }
}
