import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type System, startSystem } from './system';
import { leftBehind, type Traces, traces } from './traces';

let system: System;
let before: Traces;

beforeAll(async () => {
  before = traces('/nothing');
  system = await startSystem({ args: ['--fleet', '5'], deadlineMs: 300_000 });
}, 310_000);
afterAll(() => system?.remove());

/** Polls until a condition holds. */
async function until(what: string, holds: () => boolean | Promise<boolean>, deadlineMs = 30_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadline)
      throw new Error(`${what}: not within ${deadlineMs / 1000} s\n${system.output().slice(-3000)}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

/** Runs `npm start`'s script to its end. */
function start(env: Record<string, string>, args: string[] = []) {
  const run = spawnSync(process.execPath, ['tools/start.mjs', ...args], {
    env: { ...process.env, NODE_ENV: 'production', ...system.env, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: run.status, said: `${run.stdout}${run.stderr}`.trim() };
}

describe('a system started with npm start', () => {
  test('serves, and says who may sign in', async () => {
    expect((await fetch(`${system.url}/api/health/ready`)).status).toBe(200);
    expect(system.output()).toContain(system.url);
    for (const { email, password } of system.accounts()) {
      expect(system.output()).toContain(email);
      expect(system.output()).toContain(password);
    }
  });

  test('has its processes where these tests look for them', () => {
    const { programs, supervisor, postgres } = system.running();
    const pids = traces(system.data).processes.map((line) => Number(line.split(' ')[0]));
    for (const { pid } of [...Object.values(programs), supervisor]) expect(pids).toContain(pid);
    expect(pids.length).toBeGreaterThan(Object.keys(programs).length + 1);
    expect(postgres?.pid).toBeGreaterThan(0);
  });

  test('keeps its secrets to itself', () => {
    const file = join(system.data, 'secrets.json');
    const secrets = Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(secrets.length).toBeGreaterThan(2);
    const written = ['agent', 'node', 'simulator', 'worker', 'web', 'postgres', 'meridian']
      .map((program) => join(system.data, 'logs', `${program}.log`))
      .flatMap((log) => (existsSync(log) ? [readFileSync(log, 'utf8')] : []));
    for (const secret of secrets)
      for (const text of [...written, system.output()]) expect(text.includes(secret)).toBe(false);
  });

  test('refuses a second one on the same data, in a sentence', () => {
    const { code, said } = start({});
    expect(said).toMatch(/^Meridian already runs on .* \(process \d+, http:\/\/localhost:\d+\)\.$/);
    expect(code).toBe(69);
  });

  test.each(['worker', 'agent', 'simulator', 'web'])('starts the %s again when it is killed', async (program) => {
    const first = system.running().programs[program]?.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await until(`another ${program}`, () => {
      const pid = system.running().programs[program]?.pid;
      return pid !== undefined && pid !== first;
    });
    await until('the system is ready again', async () => {
      const answer = await fetch(`${system.url}/api/health/ready`).catch(() => undefined);
      return answer?.status === 200;
    });
  });

  test('ends on Ctrl-C with pages open and leaves nothing behind', async () => {
    const page = await fetch(`${system.url}/sign-in`, { headers: { connection: 'keep-alive' } });
    await page.body?.getReader().read(); // neither read to its end nor closed
    const from = Date.now();
    expect(await system.stop('SIGINT')).toBe(0);
    expect(Date.now() - from).toBeLessThan(30_000);
    expect(leftBehind(before, traces(system.data))).toEqual([]);
    expect(existsSync(join(system.data, 'running.json'))).toBe(false);
  });

  test('starts again in seconds', async () => {
    const from = Date.now();
    await system.restart();
    // The aim is 10 s; a host that does other things meanwhile gets some more.
    expect(Date.now() - from).toBeLessThan(25_000);
  });

  test('takes everything along when its supervisor is killed', async () => {
    process.kill(system.running().supervisor.pid, 'SIGKILL');
    await until('no process is left', () => traces(system.data).processes.length === 0, 40_000);
    await system.restart();
    expect((await fetch(`${system.url}/api/health/ready`)).status).toBe(200);
    expect(await system.stop()).toBe(0);
    expect(leftBehind(before, traces(system.data))).toEqual([]);
  });
});

describe('a start that cannot work says why in one sentence and leaves nothing running', () => {
  const data = mkdtempSync(join(tmpdir(), 'meridian-unable-'));
  afterAll(() => {
    expect(traces(data).processes).toEqual([]);
    rmSync(data, { recursive: true });
  });

  test.each<[string, Record<string, string>, number, RegExp]>([
    [
      'no database there',
      { DATABASE_URL: 'postgresql://me:hush@127.0.0.1:1/x' },
      69,
      /^DATABASE_URL leads to 127\.0\.0\.1:1\/x, where no Postgres answers \(ECONNREFUSED\)\.$/,
    ],
    ['not a database', { DATABASE_URL: 'mysql://x' }, 78, /^DATABASE_URL must start with postgresql:\/\/\.$/],
    ['a wrong port', { PORT: '70000' }, 78, /^PORT must be from 1 to 65535\.$/],
    ['a wrong address', { MERIDIAN_AGENT_LISTEN: 'here' }, 78, /^MERIDIAN_AGENT_LISTEN must be host:port\.$/],
  ])('%s', (_, env, code, sentence) => {
    const run = start({ MERIDIAN_DATA: data, ...env });
    expect(run.said).toMatch(sentence);
    expect(run.said).not.toContain('hush');
    expect(run.code).toBe(code);
  });

  test('a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => other.once('listening', done));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const { code, said } = start({ MERIDIAN_DATA: data, PORT: String(port) });
    other.close();
    expect(said).toBe(
      `Port ${port} is in use by another program. Stop that, or set PORT to another for the web server.`,
    );
    expect(code).toBe(69);
  });

  test('a wrong argument', () => {
    expect(start({ MERIDIAN_DATA: data }, ['--fleet', 'many'])).toEqual({
      code: 64,
      said: '--fleet takes a number of nodes from 0 to 10000, not "many".',
    });
  });
});
