import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs';
import { UID_RANGE } from './config';
import { mountIdmapped } from './idmapped-mount';
import { runTool } from './run-tool';

const MOUNT_MS = 10_000;

/** Where one sliver's file system is put together. */
export type Layers = {
  /** Shared by all slivers of the image; never written to. */
  image: string;
  /** What the sliver changed; with `work`, on the data's file system. */
  upper: string;
  work: string;
  /** A place for the image's shifted view, mounted only while the overlay is made: the overlay keeps it. */
  lower: string;
  rootfs: string;
  uidBase: number;
};

/** Is anything mounted at this very path? */
export function isMounted(path: string): boolean {
  const escaped = path.replace(/[ \t\n\\]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === escaped);
}

/** Mounts the sliver's root file system: the image, its owners shifted to the sliver's, under what the sliver writes. Idempotent. */
export async function mountRootfs(l: Layers): Promise<void> {
  if (isMounted(l.rootfs)) return;
  if (!existsSync(l.upper)) {
    mkdirSync(`${l.upper}.new`, { recursive: true, mode: 0o755 });
    chownSync(`${l.upper}.new`, l.uidBase, l.uidBase);
    renameSync(`${l.upper}.new`, l.upper);
  }
  for (const folder of [l.work, l.lower, l.rootfs]) mkdirSync(folder, { recursive: true, mode: 0o755 });
  await unmount(l.lower);
  await mountIdmapped(l.image, l.lower, l.uidBase, UID_RANGE);
  try {
    const layers = `lowerdir=${l.lower},upperdir=${l.upper},workdir=${l.work}`;
    // What a sliver writes is written with the rights of who mounted: one who may exceed quotas would lift the sliver's.
    const mount = [
      '--bounding-set=-sys_resource',
      'mount',
      '-t',
      'overlay',
      'overlay',
      '-o',
      `nodev,${layers}`,
      l.rootfs,
    ];
    await runTool('setpriv', mount, { timeoutMs: MOUNT_MS });
  } finally {
    await unmount(l.lower);
    rmdirSync(l.lower);
  }
}

/** Unmounts what we mounted there; nothing there is fine. */
export async function unmount(path: string): Promise<void> {
  // Lazily: another container that is just being made may still hold a copy in its namespace for a moment.
  while (isMounted(path)) await runTool('umount', ['--lazy', path], { timeoutMs: MOUNT_MS });
}
