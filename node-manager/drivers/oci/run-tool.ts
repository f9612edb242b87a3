import { spawn } from 'node:child_process';

const MAX_OUTPUT_BYTES = 4 * 1_048_576;

/** A tool of the host ended badly. The message holds what it said last. */
export class ToolFailed extends Error {
  constructor(
    tool: string,
    why: string,
    readonly said: string,
  ) {
    super(`${tool}: ${said.trim().split('\n').at(-1) || why}`);
  }
}

/**
 * Runs a tool to its end and gives what it wrote to stdout. Bounded in time; in a process group of its own, so that a Ctrl-C in the
 * terminal does not cut a container's making in two.
 *
 * With `keeps` the tool leaves something running that keeps its stdio: only its own end is waited for, and its stdio are sockets that close
 * then. Not the host's /dev/null: crun gives what it finds there to the container's root (it did: the host's /dev/null was then owned by a
 * sliver, which might have closed it to everybody).
 * `stdout`: an open file for what is left running.
 *
 * `fine`: exit codes that are no failure. Told to stop by the signal, the tool is killed with all that it started.
 */
export function runTool(
  tool: string,
  args: readonly string[],
  options: {
    timeoutMs: number;
    capture?: boolean;
    keeps?: boolean;
    signal?: AbortSignal;
    fine?: readonly number[];
    stdout?: number;
  },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, {
      stdio: options.keeps
        ? ['pipe', options.stdout ?? 'pipe', 'pipe']
        : ['ignore', options.capture ? 'pipe' : 'ignore', 'pipe'],
      detached: true,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_OUTPUT_BYTES) into.push(chunk);
    };
    child.stdout?.on('data', collect(out));
    child.stderr?.on('data', collect(err));
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    const stop = () => child.pid && process.kill(-child.pid, 'SIGKILL');
    if (options.signal?.aborted) stop();
    options.signal?.addEventListener('abort', stop, { once: true });
    const over = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', stop);
    };
    const said = () => Buffer.concat(err).toString('utf8').slice(-2000);
    child.once('error', (cause) => {
      over();
      reject(new ToolFailed(tool, cause.message, cause.message));
    });
    child.once(options.keeps ? 'exit' : 'close', (code, signal) => {
      over();
      setImmediate(() => {
        for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
        if (code !== null && (options.fine ?? [0]).includes(code)) resolve(Buffer.concat(out).toString('utf8'));
        else
          reject(
            new ToolFailed(
              tool,
              signal ? `killed by ${signal} after ${options.timeoutMs} ms` : `exit code ${code}`,
              said(),
            ),
          );
      });
    });
  });
}
