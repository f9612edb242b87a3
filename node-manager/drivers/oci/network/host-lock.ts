import { closeSync, fstatSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import koffi from 'koffi';

const LOCK_EX_NB = 2 | 4;
const RETRY_MS = 5;
const WITHIN_MS = 15_000;
let flock: ((fd: number, operation: number) => number) | null = null;

/**
 * Runs `work` while no other node manager of this host runs any under the same folder. The kernel's lock: it goes with the process.
 * `work` gets a function that removes the folder with the lock in it, for who leaves last.
 */
export async function underHostLock<T>(folder: string, work: (removeAll: () => void) => Promise<T> | T): Promise<T> {
  flock ??= koffi.load(null).func('int flock(int fd, int operation)');
  const path = `${folder}/lock`;
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    const fd = openSync(path, 'a', 0o600);
    try {
      // One that was removed while we waited is no lock any more: somebody may hold its successor.
      if (flock(fd, LOCK_EX_NB) === 0 && statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino)
        return await work(() => rmSync(folder, { recursive: true, force: true }));
    } finally {
      closeSync(fd);
    }
    if (Date.now() > deadline) throw new Error(`${path} is locked by another node manager`);
    await sleep(RETRY_MS);
  }
}
