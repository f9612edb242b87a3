import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { freePort } from '@/tools/postgres.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const Process = z.object({ pid: z.number(), started: z.string() });
const Running = z.object({
  supervisor: Process,
  url: z.string(),
  databaseUrl: z.string().nullable(),
  listen: z.object({ agent: z.string(), node: z.string(), simulator: z.string() }),
  postgres: z.object({ pid: z.number(), port: z.number() }).nullable(),
  ready: z.boolean(),
  programs: z.record(z.string(), Process),
});
/** What `<data>/running.json` says of a system: where it listens and which processes it has. */
export type Running = z.infer<typeof Running>;

const Demo = z.object({
  accounts: z.array(z.looseObject({ role: z.string(), email: z.string(), password: z.string() })),
});
export type DemoAccount = z.infer<typeof Demo>['accounts'][number];

/** A whole Meridian under its own supervisor: the very processes of `npm start`. */
export type System = {
  url: string;
  data: string;
  /** Its present processes; a program that was killed has another pid a moment later. */
  running: () => Running;
  /** The demo's accounts with their passwords. */
  accounts: () => DemoAccount[];
  databaseUrl: () => string;
  /** Everything it wrote so far. */
  output: () => string;
  /** What its programs and the CLI are told, to run more of them beside it. */
  env: Record<string, string>;
  /** Interrupts it as Ctrl-C does and waits for its end; returns the exit code. The data stays until `remove`. */
  stop: (signal?: NodeJS.Signals) => Promise<number | null>;
  /** Starts it again on the same data and ports. */
  restart: () => Promise<void>;
  /** Stops it and removes its data. */
  remove: () => Promise<void>;
};

/**
 * Starts `npm start`'s processes on free ports with a data folder of their own, and waits until all are ready. When the
 * calling process dies, the system ends.
 *
 * @param options.args Arguments of `npm start`.
 * @param options.env Overrides and additions to the environment.
 * @param options.deadlineMs How long it may take, a first build included.
 * @throws Error with what the system wrote, when it ends or does not get ready in time.
 */
export async function startSystem(
  options: { args?: string[]; env?: Record<string, string>; deadlineMs?: number } = {},
): Promise<System> {
  const data = mkdtempSync(join(tmpdir(), 'meridian-system-'));
  chmodSync(data, 0o711); // the database's account goes through it
  const [web, agent, node, simulator, postgres] = await distinctPorts(5);
  const env: Record<string, string> = {
    MERIDIAN_DATA: data,
    PORT: String(web),
    MERIDIAN_URL: `http://localhost:${web}`,
    MERIDIAN_AGENT_LISTEN: `127.0.0.1:${agent}`,
    MERIDIAN_AGENT_ADDRESS: `127.0.0.1:${agent}`,
    MERIDIAN_NODE_LISTEN: `127.0.0.1:${node}`,
    MERIDIAN_SIMULATOR_LISTEN: `127.0.0.1:${simulator}`,
    MERIDIAN_POSTGRES_PORT: String(postgres),
    DATABASE_URL: '',
    MERIDIAN_NODE_BUILD_BASE: '0',
    ...options.env,
  };
  let output = '';
  let child: ChildProcess | undefined;
  const read = () => Running.parse(JSON.parse(readFileSync(join(data, 'running.json'), 'utf8')));

  const start = async () => {
    const spawned = spawn(process.execPath, ['tools/start.mjs', ...(options.args ?? [])], {
      cwd: ROOT,
      // vitest's and Playwright's own settings would reach Next and pino.
      env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '', VITEST: undefined, FORCE_COLOR: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    child = spawned;
    for (const stream of [spawned.stdout, spawned.stderr]) {
      if (stream)
        createInterface({ input: stream }).on('line', (line) => {
          output = `${output}${line}\n`.slice(-400_000);
        });
    }
    const ended = new Promise<void>((done) => spawned.once('exit', () => done()));
    const deadline = Date.now() + (options.deadlineMs ?? 180_000);
    let isOver = false;
    ended.then(() => {
      isOver = true;
    });
    for (;;) {
      if (isOver) throw new Error(`the system ended (exit code ${spawned.exitCode}):\n${output}`);
      if (Date.now() > deadline) {
        spawned.kill('SIGINT');
        await ended;
        throw new Error(`the system did not get ready in time:\n${output}`);
      }
      // A killed one's file may still stand there.
      if (existsSync(join(data, 'running.json')) && read().ready && read().supervisor.pid === spawned.pid) return;
      await Promise.race([ended, new Promise((done) => setTimeout(done, 100))]);
    }
  };
  const stop = async (signal: NodeJS.Signals = 'SIGINT') => {
    const running = child;
    if (!running || running.exitCode !== null || running.signalCode !== null) return running?.exitCode ?? null;
    const ended = new Promise<number | null>((done) => running.once('exit', done));
    running.kill(signal);
    return ended;
  };
  const remove = async () => {
    await stop();
    rmSync(data, { recursive: true, force: true });
  };

  try {
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    url: env.MERIDIAN_URL ?? '',
    data,
    running: read,
    accounts: () => Demo.parse(JSON.parse(readFileSync(join(data, 'demo.json'), 'utf8'))).accounts,
    databaseUrl: () => read().databaseUrl ?? '',
    output: () => output,
    env,
    stop,
    restart: start,
    remove,
  };
}

async function distinctPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(await freePort());
  return [...ports];
}
