import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';
import { Refused } from '@/core/errors';

const LOCK_EX_NB = 2 | 4;
let flock: ((fd: number, operation: number) => number) | null = null;

/**
 * Takes the directory's lock for this process: a second daemon on the same data would answer for leases that the first
 * one changes. flock(2) is the kernel's: it goes when the process goes, however it goes. Returns what gives it back.
 */
export function lockDirectory(directory: string): () => void {
  flock ??= koffi.load(null).func('int flock(int fd, int operation)');
  const path = `${directory}/lock`;
  const fd = openSync(path, 'a', 0o600);
  if (flock(fd, LOCK_EX_NB) !== 0) {
    closeSync(fd);
    throw new Refused('CONFLICT', {
      kind: 'data directory',
      id: directory,
      problem: 'another node manager is using it',
    });
  }
  return () => closeSync(fd);
}
