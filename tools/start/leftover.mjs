// @ts-check
// Processes of an earlier start. A number alone does not tell who a process is: numbers are given out again, so each is
// kept with the time at which it started.
import { readFileSync } from 'node:fs';

/** @param {number} pid */
export function processAlive(pid) {
  if (!(pid > 1)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * What tells a process from a later one of the same number: its start in clock ticks since boot (field 22 of
 * /proc/PID/stat). The empty string where there is no /proc or no such process, or only its zombie.
 *
 * @param {number} pid
 */
export function startedAt(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return fields[0] === 'Z' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

/**
 * Whether the very process that was written down still runs.
 *
 * @param {{ pid: number, started: string }} written
 */
export function stillRuns({ pid, started }) {
  return processAlive(pid) && started !== '' && startedAt(pid) === started;
}

/**
 * Ends process groups of an earlier start and waits until they are gone: SIGTERM, and SIGKILL after `patienceMs`.
 *
 * @param {{ pid: number, started: string }[]} written
 * @param {number} patienceMs
 */
export async function endLeftovers(written, patienceMs) {
  const deadline = Date.now() + patienceMs;
  for (let signal = /** @type {NodeJS.Signals} */ ('SIGTERM'), sent = false; ; ) {
    const alive = written.filter(stillRuns);
    if (alive.length === 0) return;
    if (!sent || (signal === 'SIGTERM' && Date.now() > deadline)) {
      if (sent) signal = 'SIGKILL';
      for (const { pid } of alive) killGroup(pid, signal);
      sent = true;
    }
    await new Promise((done) => setTimeout(done, 50));
  }
}

/**
 * @param {number} pid Leader of the group.
 * @param {NodeJS.Signals} signal
 */
export function killGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // it is gone
  }
}
