import { existsSync, mkdirSync, renameSync, rmdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { Refused } from '@/core/errors';
import { isMounted, unmount } from '../mounts';
import { runTool } from '../run-tool';
import type { DiskLimit, DiskPlace } from './disk';

const MIB = 1_048_576;
const MAKE_MS = 60_000;

/**
 * A sparse file with an ext4 in it for each sliver: for hosts that have no quotas. No journal (a 1 GiB one would take 33 MiB at once):
 * what a crash of the host left is mended before the next mount.
 */
export const ext4Image: DiskLimit = {
  kind: 'ext4-image',
  cost: 'an ext4 in a file for each sliver: 130 KiB and about 30 ms more than a quota',

  async open({ at, run }, diskMiB) {
    const image = `${at}/disk.img`;
    const mount = `${run}/disk`;
    if (!existsSync(image)) {
      writeFileSync(`${image}.new`, '', { mode: 0o600 });
      truncateSync(`${image}.new`, diskMiB * MIB);
      const lean = ['-O', '^has_journal,^resize_inode', '-m', '0', '-E', 'lazy_itable_init=1,nodiscard'];
      await runTool('mkfs.ext4', ['-q', '-F', ...lean, `${image}.new`], { timeoutMs: MAKE_MS });
      renameSync(`${image}.new`, image);
    } else if (!isMounted(mount)) await runTool('e2fsck', ['-p', image], { timeoutMs: MAKE_MS, fine: [0, 1] });
    mkdirSync(mount, { recursive: true, mode: 0o711 });
    if (!isMounted(mount))
      await runTool('mount', ['-o', 'loop,nodev,noatime,discard', image, mount], { timeoutMs: MAKE_MS });
    return mount;
  },

  /** The overlay keeps the mount alive, and with it the loop device: both go when it goes. */
  async settle({ run }) {
    await unmount(`${run}/disk`);
    rmdirSync(`${run}/disk`);
  },

  resize({ at }, diskMiB) {
    if (statSync(`${at}/disk.img`).size === diskMiB * MIB) return Promise.resolve();
    const missing = ['another size of a disk that is a file: reset the sliver, or stop and start it'];
    return Promise.reject(new Refused('DRIVER_UNABLE', { driver: 'oci', missing }));
  },

  async remove({ run }: DiskPlace) {
    await unmount(`${run}/disk`);
  },
};
