import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Refused } from '@/core/errors';
import type { ExecOptions, ExecResult } from '../driver';
import { SLIVER_ENV, SLIVER_RLIMITS } from './config';

/** Every process of an exec finds this in its environment: how its children are found when the time is over. */
const MARK = 'MERIDIAN_EXEC';
/** What the command left running keeps the pipes open: no longer than this is waited for its last words. */
const DRAIN_MS = 200;

/**
 * A command line that enters a container, under the limits that its first process has: crun's own exec leaves those of the daemon.
 */
export function withSliverLimits(command: readonly string[]): [string, ...string[]] {
  return [
    'prlimit',
    ...SLIVER_RLIMITS.map(({ type, value }) => `--${type.toLowerCase()}=${value}:${value}`),
    ...command,
  ];
}

/**
 * Runs a command in a container: bounded in time and output. When the time is over or the caller leaves, the command and all that it
 * started are killed, unless they wiped their environment: those are the sliver's own then.
 */
export function execIn(
  crunArgs: readonly string[],
  id: string,
  argv: readonly string[],
  pids: () => number[],
  o: ExecOptions,
): Promise<ExecResult> {
  return new Promise((resolve, reject) => {
    const mark = `${MARK}=${randomBytes(12).toString('hex')}`;
    const env = [...SLIVER_ENV, mark].flatMap((entry) => ['--env', entry]); // one --env, and crun leaves out the container's own
    const [command, ...args] = withSliverLimits(['crun', ...crunArgs, ...env, id, ...argv]);
    const child = spawn(command, args, { stdio: 'pipe', detached: true });
    child.stdin.on('error', () => {}).end(); // an empty one of its own: see run-tool.ts on /dev/null
    const stdout = bounded(o.maxBytes);
    const stderr = bounded(o.maxBytes);
    child.stdout.on('data', stdout.add);
    child.stderr.on('data', stderr.add);
    let timedOut = false;
    const cut = (late: boolean) => {
      timedOut ||= late;
      killMarked(mark, pids());
      killTimer = setTimeout(() => child.kill('SIGKILL'), 500);
    };
    let killTimer: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => cut(true), o.timeoutMs);
    const left = () => cut(false);
    if (o.signal.aborted) left();
    o.signal.addEventListener('abort', left, { once: true });
    const end = () => {
      clearTimeout(timer);
      clearTimeout(killTimer);
      o.signal.removeEventListener('abort', left);
    };
    child.once('error', (cause) => {
      end();
      reject(new Refused('EXEC_FAILED', { problem: cause.message }, { cause }));
    });
    let finished = false;
    const finish = (code: number | null, signal: string | null) => {
      if (finished) return;
      finished = true;
      end();
      child.stdout.destroy();
      child.stderr.destroy();
      if (o.signal.aborted) return reject(new Refused('EXEC_FAILED', { problem: 'the caller left' }));
      // crun passes on the end by a signal as 128 + n
      resolve({
        exitCode: timedOut ? null : code,
        signal: timedOut ? 'SIGKILL' : signal,
        stdout: stdout.text(),
        stderr: stderr.text(),
        truncated: stdout.cut() || stderr.cut(),
        timedOut,
      });
    };
    child.once('exit', (code, signal) => {
      if (timedOut || o.signal.aborted) killMarked(mark, pids());
      setTimeout(() => finish(code, signal), DRAIN_MS).unref();
      child.once('close', () => finish(code, signal));
    });
  });
}

/** Kills those of the processes that carry the mark, until none is left: a fork may slip by while the list is read. */
function killMarked(mark: string, pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      if (readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark)) process.kill(pid, 'SIGKILL');
    } catch {
      // gone meanwhile
    }
  }
}

function bounded(max: number) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let cut = false;
  return {
    add: (chunk: Buffer) => {
      const room = max - bytes;
      if (chunk.length > room) cut = true;
      if (room > 0) chunks.push(chunk.subarray(0, room));
      bytes = Math.min(max, bytes + chunk.length);
    },
    cut: () => cut,
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}
