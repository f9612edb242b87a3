import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Finding } from '../doctor/finding';
import { findCgroups, processesIn } from '../drivers/oci/cgroups';
import { ownNames } from '../drivers/oci/oci-driver';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from '../testing/agent-stub';
import { hostLacks, NO_TRACES, networkNamespaces, tracesOf } from '../testing/host';
import { freePort, NodeProcess } from '../testing/node-process';
import { ROOT, VERSION } from '../version';
import { failure } from './command';
import { install } from './install';
import { installedEnvironment, PATHS, under } from './layout';
import { uninstall } from './uninstall';
import { upgrade } from './upgrade';

/** A node's life on a host: installed, upgraded under a running sliver, uninstalled. All below a folder, with what only a unit would do done here. */
const lacks = await hostLacks('installing a node');
const noSystemd = spawnSync('systemd-analyze', ['--version']).status !== 0;
if (noSystemd) console.warn('SKIPPED verifying the unit: this host lacks the program systemd-analyze');

const NODE = nodeUrn(`life-${process.pid}.lab.example`);
const SLICE = sliceUrn('life');
const root = tempDirectory('life');
const data = under(root, PATHS.data);
let agent: AgentStub;
let node: NodeProcess | null = null;
let ticket = '';
let pid = 0;
let listen = '';

beforeAll(async () => {
  agent = await agentStub();
});
afterAll(async () => {
  await node?.end('SIGTERM');
  await agent.close();
  rmSync(root, { recursive: true, force: true });
});

const COMMANDS = { install, upgrade, uninstall };
/** A command, in this process: what it said, and its exit code. */
async function meridian(name: keyof typeof COMMANDS, ...args: string[]): Promise<{ code: number; text: string }> {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const said = () => written.mock.calls.map(([text]) => String(text)).join('');
  try {
    return { code: await COMMANDS[name]([...args, '--root', root]), text: said() };
  } catch (error) {
    const { message, exit } = failure(error, '');
    return { code: exit, text: message };
  } finally {
    written.mockRestore();
  }
}
/** The same as a program of its own. */
const program = (path: string, ...args: string[]) =>
  new Promise<{ code: number | null; text: string }>((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', path, ...args, '--root', root], { cwd: ROOT });
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        text += chunk;
      });
    child.stdin.end();
    child.on('close', (code) => resolve({ code, text }));
  });
const installed = (...more: string[]) => meridian('install', '--driver', 'oci', ...more);

/** As the unit says. */
async function start(): Promise<NodeProcess> {
  const command = /^ExecStart=(.*)$/m.exec(readFileSync(under(root, PATHS.unit), 'utf8'))?.[1]?.split(' ') ?? [];
  const env = installedEnvironment(root);
  for (const name of ['MERIDIAN_NODE_DATA', 'MERIDIAN_NODE_TOKEN_FILE'])
    if (env[name]) env[name] = under(root, env[name]);
  const started = NodeProcess.startIn(under(root, PATHS.current), command, { ...env, MERIDIAN_NODE_BUILD_BASE: '0' });
  await started.ready();
  return started;
}
const stop = async () => {
  expect(await node?.end('SIGTERM')).toBe(0);
  node = null;
};
/** Others' files may go while they are looked at. */
const textOf = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');
const client = () => agent.client(NODE);
const sliverPids = () => {
  const { group, runtime } = ownNames(NODE, data);
  const names = existsSync(runtime) ? readdirSync(runtime).filter((name) => name.startsWith('s-')) : [];
  return names.flatMap((name) => processesIn(findCgroups(), `${group}/${name}`));
};

test('install writes unit, settings and folders, once; --dry-run only says so', async () => {
  const token = `${root}/token`;
  writeFileSync(token, agent.token(NODE), { mode: 0o600 });
  listen = `127.0.0.1:${await freePort()}`;
  const options = ['--token-file', token, '--listen', listen, '--address', listen, '--metrics', 'off'];
  const dry = await installed(...options, '--dry-run');
  expect(dry).toMatchObject({ code: 0 });
  expect(dry.text).toContain('KillMode=process');
  expect(existsSync(under(root, '/etc'))).toBe(false);
  expect(await installed(...options)).toMatchObject({ code: 0 });
  expect((await installed(...options)).text).toContain('Nothing to change');
  expect((await installed()).text).toContain('Nothing to change'); // what is not named stays as it was
  const mode = (path: string) => (statSync(under(root, path)).mode & 0o777).toString(8);
  expect([PATHS.environment, PATHS.token, PATHS.data, PATHS.unit].map(mode)).toEqual(['600', '600', '700', '644']);
  expect(readFileSync(under(root, PATHS.environment), 'utf8')).not.toContain(agent.token(NODE).slice(0, 60));
  expect((await installed('--listen', 'nonsense')).text).toContain('MERIDIAN_NODE_LISTEN');
  expect((await meridian('install', '--from', root)).code).toBe(66);
});

test.skipIf(noSystemd)('systemd takes the unit, and finds it exposed no further than it must be', () => {
  const unit = under(root, PATHS.unit);
  const analyze = (...args: string[]) => spawnSync('systemd-analyze', [...args, unit], { encoding: 'utf8' });
  const verified = analyze('verify', '--man=no');
  expect(`${verified.stdout}${verified.stderr}`).toBe('');
  expect(verified.status).toBe(0);
  const security = analyze('security', '--offline=true', '--no-pager').stdout;
  const score = Number(/Overall exposure level for .*: ([\d.]+)/.exec(security)?.[1]);
  console.info(`systemd-analyze security: ${score}`);
  expect(score).toBeLessThan(8); // 9.6 for a unit that says nothing; what is left is what slivers need
});

describe.skipIf(lacks.length > 0)('on this host', { timeout: 120_000 }, () => {
  const before = networkNamespaces();

  test('a sliver keeps its process while the daemon is replaced by another version', async () => {
    node = await start();
    await until('the delegation', () => agent.delegations.get(NODE));
    ticket = agent.ticket(NODE, SLICE);
    const first = await client().redeem.mutate({ ticket, waitMs: 5_000 });
    expect(first.sliver.state).toBe('running');
    await client().exec.mutate({ slice: SLICE, argv: ['sh', '-c', 'echo kept > /kept'] });
    pid = sliverPids()[0] ?? 0;
    expect(pid).toBeGreaterThan(0);

    const next = `${root}/next`;
    mkdirSync(next);
    for (const each of ['core', 'protocol', 'node-manager', 'tsconfig.json'])
      cpSync(`${ROOT}/${each}`, `${next}/${each}`, { recursive: true });
    symlinkSync(`${ROOT}/node_modules`, `${next}/node_modules`);
    writeFileSync(
      `${next}/package.json`,
      JSON.stringify({ ...JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')), version: '99.0.0' }),
    );
    expect(await meridian('upgrade', next)).toMatchObject({ code: 0, text: expect.stringContaining('99.0.0') });
    await stop(); // SIGTERM, as systemd sends it
    expect(sliverPids()).toContain(pid);
    node = await start();
    expect((await client().config.query()).version).toBe('99.0.0');
    expect(VERSION).not.toBe('99.0.0');
    expect(sliverPids()).toContain(pid);
    expect(await client().redeem.mutate({ ticket })).toMatchObject({ lease: first.lease, again: true });
    const said = await client().exec.mutate({ slice: SLICE, argv: ['cat', '/kept'] });
    expect(said.stdout).toBe('kept\n');
    expect((await meridian('upgrade', `${root}/nowhere`)).code).toBe(66);

    const doctor = await program('node-manager/doctor/main.ts', '--json');
    const { findings } = JSON.parse(doctor.text) as { findings: Finding[] }; // our own report
    const found = (id: string) => findings.find((each) => each.id === id);
    expect(found('container')).toMatchObject({ outcome: 'ok' });
    expect(found('port')?.found).toContain('this node manager listens there');
    expect(found('clock')).toMatchObject({ outcome: 'ok', found: expect.stringContaining('the agent') });
    expect(doctor.code).toBe(0);
    expect(sliverPids()).toContain(pid);
  });

  test('uninstall asks first, refuses under a running daemon, and with --keep-data keeps what slivers wrote', async () => {
    expect(await meridian('uninstall')).toMatchObject({ code: 64, text: expect.stringContaining('--yes') });
    expect((await meridian('uninstall', '--yes')).code).toBe(75);
    expect(sliverPids()).toContain(pid);
    await stop();
    expect(await meridian('uninstall', '--yes', '--keep-data')).toMatchObject({ code: 0 });
    expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
    expect(existsSync(under(root, PATHS.unit))).toBe(false);
    expect(existsSync(`${data}/journal`)).toBe(true);

    expect(await installed('--listen', listen, '--address', listen, '--metrics', 'off')).toMatchObject({ code: 0 });
    node = await start();
    await until(
      'the sliver to come back',
      async () => (await client().sliver.query({ slice: SLICE })).state === 'running',
    );
    expect((await client().exec.mutate({ slice: SLICE, argv: ['cat', '/kept'] })).stdout).toBe('kept\n');
  });

  test('uninstall leaves nothing', async () => {
    await stop();
    expect(sliverPids()).not.toEqual([]);
    const { tag, runtime, group } = ownNames(NODE, data);
    const done = await program('node-manager/install/main.ts', 'uninstall', '--yes');
    expect(done).toMatchObject({ code: 0 });
    expect(existsSync(data)).toBe(false);
    expect([PATHS.unit, '/etc/meridian', '/opt/meridian'].filter((path) => existsSync(under(root, path)))).toEqual([]);
    expect(existsSync(runtime)).toBe(false);
    expect(findCgroups().trees.filter((tree) => existsSync(tree + group))).toEqual([]);
    const ours = (text: string) => text.includes(tag.slice(0, 8)); // names of interfaces hold no more
    const inRun = ['', ...readdirSync('/run/meridian').filter((name) => /^(journals|networks-\d+|uids)$/.test(name))];
    const claims = inRun.includes('uids') ? readdirSync('/run/meridian/uids') : [];
    expect(claims.filter((name) => textOf(`/run/meridian/uids/${name}`).startsWith(data))).toEqual([]);
    expect(inRun.flatMap((name) => readdirSync(`/run/meridian/${name}`).filter(ours))).toEqual([]);
    const left = ['nft list ruleset', 'ip -o link', 'ip netns list', 'cat /proc/self/mountinfo'].map((command) => {
      const [program = '', ...args] = command.split(' ');
      return spawnSync(program, args, { encoding: 'utf8' }).stdout.split('\n').filter(ours);
    });
    expect(left.flat()).toEqual([]);
    await until('the network namespaces to go', () => [...networkNamespaces()].every((each) => before.has(each)));
    expect(await meridian('uninstall', '--yes')).toMatchObject({ code: 0 }); // once more is fine
  });
});
