import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(import.meta.dirname, '../..');

type Line = { level: string; msg: string; [fact: string]: unknown };

/** A program of ours as a process of its own, as production runs it. */
export class NodeProcess {
  readonly lines: Line[] = [];
  exitCode: number | null = null;
  private constructor(readonly child: ChildProcess) {
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (text) => this.lines.push(parseLine(text)));
    if (child.stderr)
      createInterface({ input: child.stderr }).on('line', (text) => this.lines.push({ level: 'stderr', msg: text }));
    child.on('exit', (code) => {
      this.exitCode = code;
    });
  }

  /** Started; not ready yet. `program`: path below the root. `prefix`: a command to run it under, such as `nsenter --net=…`. */
  static start(program: string, env: Record<string, string>, prefix: string[] = []): NodeProcess {
    const [command = '', ...args] = [...prefix, process.execPath, '--import', 'tsx', `${ROOT}/${program}`];
    return new NodeProcess(
      spawn(command, args, {
        cwd: ROOT,
        env: { NODE_ENV: 'test', MERIDIAN_NODE_BUILD_BASE: '0', PATH: process.env.PATH, ...ownRun(env), ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      }),
    );
  }

  /** As an installed unit starts it: from the folder of a version, which may be another one. */
  static startIn(folder: string, command: readonly string[], env: Record<string, string>): NodeProcess {
    const [program = '', ...args] = command;
    return new NodeProcess(
      spawn(program, args, {
        cwd: folder,
        env: { NODE_ENV: 'test', PATH: process.env.PATH, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      }),
    );
  }

  /** Resolves with the facts of the line `ready`; rejects when the process ends or the time is over. */
  async ready(ms = 20_000): Promise<Line> {
    const deadline = Date.now() + ms;
    for (;;) {
      const line = this.lines.find((l) => l.msg === 'ready');
      if (line) return line;
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`ended before it was ready: ${this.tail()}`);
      if (Date.now() > deadline) throw new Error(`not ready after ${ms} ms: ${this.tail()}`);
      await new Promise((done) => setTimeout(done, 10));
    }
  }

  tail(): string {
    return this.lines
      .slice(-10)
      .map((l) => JSON.stringify(l))
      .join('\n');
  }

  /** Sends the signal and waits for the end. Idempotent. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
    return this.child.exitCode;
  }
}

/** A port that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (!address || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** What production keeps in /run: here it goes with the test's data. */
function ownRun({ MERIDIAN_NODE_DATA: data }: Record<string, string>): Record<string, string> {
  return data ? { MERIDIAN_NODE_RUN: `${data}/run` } : {};
}

function parseLine(text: string): Line {
  try {
    return JSON.parse(text) as Line; // our own log lines
  } catch {
    return { level: 'stdout', msg: text };
  }
}
