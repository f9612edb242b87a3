import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Refused } from '@/core/errors';

/** Where a service manager keeps its key and what it holds: MERIDIAN_SVM, by default `svm` beside the stored token. */
export function svmFolder(
  data: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  return environment.MERIDIAN_SVM || join(data, 'svm');
}

/** Makes the folder, readable by this user alone. @throws Refused CONFIG_INVALID for one that others can read */
export function openFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode } = statSync(folder);
  if ((mode & 0o077) !== 0)
    throw new Refused('CONFIG_INVALID', { variable: folder, problem: 'can be read by others; run: chmod 700 on it' });
}

/** Writes a file that is there whole or not at all, also after the power went, and readable by this user alone. */
export function writeWhole(path: string, text: string): void {
  const part = `${path}.part`;
  const fd = openSync(part, 'w', 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(part, path);
  const folder = openSync(join(path, '..'), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** A file of ours; null when there is none. @throws Refused CONFIG_INVALID for a damaged one */
export function readWhole<S extends z.ZodType>(path: string, schema: S): z.infer<S> | null {
  if (!existsSync(path)) return null;
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    throw new Refused('CONFIG_INVALID', { variable: path, problem: 'is damaged, or of another version' });
  }
}

const Holder = z.object({ pid: z.int() });

/**
 * Lets one command at a time change the folder; gives what ends that. A lock of a command that died is taken over.
 * @throws Refused CONFLICT while another runs
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, 'lock');
  for (let tries = 0; ; tries++) {
    try {
      writeFileSync(path, JSON.stringify({ pid: process.pid }), { flag: 'wx', mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (err) {
      if (!(err instanceof Error && 'code' in err && err.code === 'EEXIST')) throw err;
      const pid = holderOf(path);
      if (tries > 0 || (pid !== null && isAlive(pid)))
        throw new Refused('CONFLICT', {
          kind: 'folder',
          id: folder,
          problem: `another command (${pid ?? '?'}) is at work in it`,
        });
      rmSync(path, { force: true });
    }
  }
}

function holderOf(path: string): number | null {
  try {
    return Holder.parse(JSON.parse(readFileSync(path, 'utf8'))).pid;
  } catch {
    return null; // gone meanwhile, or half written by one that died
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (err) {
    return err instanceof Error && 'code' in err && err.code === 'EPERM';
  }
}
