import {
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { writeWhole } from '../../enrolment/enrolment';

/** What is kept of a sliver's events and of its console, in bytes. */
const KEPT = 65_536;

/** Adds a line to a file of which no more than twice what is kept is ever there. */
export function appendBounded(path: string, line: string): void {
  appendFileSync(path, `${line}\n`, { mode: 0o600 });
  if (statSync(path).size > 2 * KEPT) writeWhole(path, tail(readFileSync(path)));
}

/**
 * The end of what a process's stdout holds. What is there is the sliver's to choose: only a plain file is read, never waited for, and no
 * more than is kept.
 */
export function consoleOf(pid: number): string {
  let fd: number;
  try {
    fd = openSync(`/proc/${pid}/fd/1`, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return ''; // it ended just now, or has none
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return '';
    const buffer = Buffer.alloc(Math.min(stat.size, KEPT));
    const bytes = readSync(fd, buffer, 0, buffer.length, Math.max(0, stat.size - KEPT));
    return tail(buffer.subarray(0, bytes));
  } finally {
    closeSync(fd);
  }
}

export function readKept(path: string): string {
  return existsSync(path) ? tail(readFileSync(path)) : '';
}

/** The last whole lines that fit. */
function tail(bytes: Buffer): string {
  const text = bytes
    .subarray(Math.max(0, bytes.length - KEPT))
    .toString('utf8')
    .replaceAll('\0', '')
    .toWellFormed();
  return bytes.length > KEPT ? text.slice(text.indexOf('\n') + 1) : text;
}
