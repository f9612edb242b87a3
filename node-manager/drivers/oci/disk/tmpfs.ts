import { existsSync, mkdirSync } from 'node:fs';
import { isMounted, unmount } from '../mounts';
import { runTool } from '../run-tool';
import type { DiskLimit } from './disk';

const TOOL_MS = 20_000;

/** Memory for a disk: where there is nothing else. It stays mounted, since what a sliver wrote lies nowhere else. */
export const tmpfs: DiskLimit = {
  kind: 'tmpfs',
  cost: 'the host’s memory: what slivers write counts as their memory, and is lost when the host restarts',
  async open({ at }, diskMiB) {
    const folder = `${at}/disk`;
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o711 });
    const options = `size=${diskMiB}m,nr_inodes=${Math.max(1024, diskMiB * 64)},mode=711,nodev`;
    if (!isMounted(folder))
      await runTool('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { timeoutMs: TOOL_MS });
    return folder;
  },
  settle: () => Promise.resolve(),
  resize: async ({ at }, diskMiB) => {
    await runTool('mount', ['-o', `remount,size=${diskMiB}m`, `${at}/disk`], { timeoutMs: TOOL_MS });
  },
  remove: ({ at }) => unmount(`${at}/disk`),
};

/** As slivers of an earlier version were made, which had no limit of their own. */
export const plain: DiskLimit = {
  kind: 'plain',
  cost: 'nothing, for nothing is limited',
  open: ({ at }) => Promise.resolve(at),
  settle: () => Promise.resolve(),
  resize: () => Promise.resolve(),
  remove: () => Promise.resolve(),
};
