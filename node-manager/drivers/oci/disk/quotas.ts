import { existsSync, mkdirSync } from 'node:fs';
import { runTool } from '../run-tool';
import type { DiskLimit, DiskPlace } from './disk';

const TOOL_MS = 20_000;
/** Files are room too: as many as a file system of that size would hold. */
const INODES_PER_MIB = 64;

/** What `setquota` is told: blocks of 1 KiB and inodes, hard limits only; 0 lifts them. Pure. */
export function quotaArgs(slot: number, diskMiB: number, mountPoint: string): string[] {
  const inodes = diskMiB === 0 ? 0 : Math.max(1024, diskMiB * INODES_PER_MIB);
  return ['-P', String(slot), '0', String(diskMiB * 1024), '0', String(inodes), mountPoint];
}

/** A project quota of ext4 or XFS on the sliver's folder: the sliver's slot is the project. */
export function projectQuota(mountPoint: string): DiskLimit {
  const limit = ({ slot }: DiskPlace, diskMiB: number) =>
    runTool('setquota', quotaArgs(slot, diskMiB, mountPoint), { timeoutMs: TOOL_MS }).then(() => {});
  return {
    kind: 'project-quota',
    cost: 'a project quota: nothing',
    async open(place, diskMiB) {
      const folder = `${place.at}/disk`;
      if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o711 });
      await runTool('chattr', ['-p', String(place.slot), '+P', folder], { timeoutMs: TOOL_MS });
      await limit(place, diskMiB);
      return folder;
    },
    settle: () => Promise.resolve(),
    resize: limit,
    remove: (place) => limit(place, 0),
  };
}

/** A subvolume with a limited qgroup of its own. */
export const btrfs: DiskLimit = {
  kind: 'btrfs',
  cost: 'a btrfs subvolume with a quota group: 32 KiB',
  async open({ at }, diskMiB) {
    const folder = `${at}/disk`;
    mkdirSync(at, { recursive: true, mode: 0o700 });
    if (!existsSync(folder)) await runTool('btrfs', ['-q', 'subvolume', 'create', folder], { timeoutMs: TOOL_MS });
    await runTool('btrfs', ['qgroup', 'limit', `${diskMiB}M`, folder], { timeoutMs: TOOL_MS });
    return folder;
  },
  settle: () => Promise.resolve(),
  resize: async ({ at }, diskMiB) => {
    await runTool('btrfs', ['qgroup', 'limit', `${diskMiB}M`, `${at}/disk`], { timeoutMs: TOOL_MS });
  },
  async remove({ at }) {
    for (const folder of [`${at}/disk`, `${at}/disk.old`])
      if (existsSync(folder)) await runTool('btrfs', ['-q', 'subvolume', 'delete', folder], { timeoutMs: TOOL_MS });
  },
};
