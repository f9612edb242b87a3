import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { run } from '@/cli/program';
import { findPerson } from '@/server/data/people';
import { type Db, openDb } from '@/server/db';
import { log } from '@/server/log';
import { decideRequest } from '@/server/services/approvals/decide-request';
import type { Person } from '@/server/services/policy';
import { requestSlice } from '@/server/services/requests/request-slice';
import { appRouter, createCaller } from '@/server/trpc/root';
import { type Deployment, simulatedNodes, startDeployment, until } from './deployment';
import { seedPerson, someSpec } from './people';
import { ED25519 } from './sample-keys';

// A person's own service manager from its key to the end of its slice: the real agent, nodes and command line, each a process.
let d: Deployment;
let db: Db;
let web: Server;
let folder: string;
let ada: Person;
let operator: Person;
const [first, second, third] = simulatedNodes(3).map((node) => node.urn) as [string, string, string];

beforeAll(async () => {
  d = await startDeployment({ nodes: simulatedNodes(3), heartbeatMs: 300 });
  Object.assign(process.env, d.env);
  db = openDb(d.databaseUrl, 3);
  folder = mkdtempSync(join(tmpdir(), 'meridian-own-'));
  operator = await seedPerson(db, { operator: true });
  const found = await findPerson(db, d.personId);
  if (!found) throw new Error('the owner is missing');
  ada = found;
  await db.quota.create({
    data: {
      siteId: d.siteId,
      slivers: 1000,
      cpuMilli: 1e6,
      memoryMiB: 1e6,
      diskMiB: 1e6,
      networkKbps: 1e6,
      maxTermSeconds: 90 * 86_400,
    },
  });
  web = createServer((request, response) => {
    const url = `http://localhost${request.url ?? ''}`;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const method = request.method ?? 'GET';
      const body = method === 'GET' ? null : Buffer.concat(chunks);
      const req = new Request(url, { method, body, headers: { 'content-type': 'application/json' } });
      void fetchRequestHandler({
        endpoint: '/api/trpc',
        req,
        router: appRouter,
        createContext: () => contextOf(ada),
      }).then(async (answer) =>
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()),
      );
    });
  });
  await new Promise<void>((listening) => web.listen(0, '127.0.0.1', listening));
  Object.assign(process.env, {
    MERIDIAN_SVM: join(folder, 'svm'),
    MERIDIAN_URL: `http://127.0.0.1:${(web.address() as AddressInfo).port}`, // a TCP server has a port
    MERIDIAN_TOKEN: 'token',
  });
}, 180_000);
afterAll(async () => {
  web?.close();
  await db?.$disconnect();
  await d?.remove();
  if (folder) rmSync(folder, { recursive: true, force: true });
}, 60_000);

const contextOf = (person: Person) => ({
  db,
  person,
  via: 'token' as const,
  again: async () => person,
  log,
  now: new Date(),
  requestId: 'r',
});

type Done = { code: number | null; json: Json };
/** What commands print, as far as it is looked at here. */
type Json = Record<string, unknown> & unknown[] & { failure: { code: string }; results: Result[]; left: number };
type Result = { node: string; ok: boolean; detail?: string; reason?: { code: string } };

/** Runs a command in this process. */
async function meridian(...args: string[]): Promise<Done> {
  let out = '';
  process.exitCode = 0;
  await run([...args, '--json'], { out: (text) => (out += text), err: () => {} });
  const code = process.exitCode ?? 0;
  process.exitCode = 0;
  return { code: Number(code), json: JSON.parse(out) };
}
/** Runs a command as a process of its own, and ends it hard as soon as that is true. */
function killed(when: () => boolean, ...args: string[]): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'cli/main.ts', ...args], {
    env: { ...process.env, NODE_OPTIONS: '', VITEST: undefined },
    stdio: 'ignore',
  });
  const timer = setInterval(() => when() && child.kill('SIGKILL'), 1);
  return new Promise((resolve) => {
    child.once('close', (_, signal) => {
      clearInterval(timer);
      resolve(signal);
    });
  });
}
async function svm(...args: string[]) {
  const done = await meridian('svm', ...args);
  const results = Object.fromEntries(
    (done.json.results ?? []).map((one) => [one.node, one.ok ? (one.detail ?? 'ok') : one.reason?.code]),
  );
  return { ...done, results };
}
type Held = { node: string; ticket: unknown; lease: unknown; sliver: boolean };
const held = (): Held[] => {
  const { slices }: { slices: { places: Held[] }[] } = JSON.parse(
    readFileSync(join(folder, 'svm', 'state.json'), 'utf8'),
  );
  return slices.flatMap((slice) => slice.places);
};

test('a key, its approval, tickets, leases, slivers, keys, renewal and the end, with a node that is away and a command that is killed', {
  timeout: 120_000,
}, async () => {
  // A key of one's own, that counts once an operator approved it.
  const registered = await meridian('key', 'register', '--name', 'laptop');
  expect(registered).toMatchObject({ code: 0 });
  expect(statSync(join(folder, 'svm', 'key.pem')).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, 'svm')).mode & 0o777).toBe(0o700);
  expect((await svm('nodelist')).json.failure.code).toBe('WRONG_STATE');
  const { id } = z.object({ id: z.string() }).parse(registered.json);
  await expect(createCaller(contextOf(ada)).principalKeys.approve({ id })).rejects.toThrow('NOT_FOUND');
  await createCaller(contextOf(operator)).principalKeys.approve({ id });
  expect((await svm('nodelist')).json).toEqual([first, second, third].sort());

  // A slice that ada runs by herself: approved, and deployed by nobody.
  const asked = { ...someSpec('lab'), shortName: 'own', count: 3, minimum: 1, ownManager: true };
  const { name } = await requestSlice(db, ada, asked, new Date());
  const request = await db.request.findFirstOrThrow({ where: { slice: { name } } });
  await decideRequest(db, operator, { requestId: request.id, outcome: 'approved', comment: '' }, new Date());
  expect((await svm('getslices')).json).toMatchObject([{ name, state: 'active', slivers: 3, held: 0 }]);

  // Tickets: a command that is killed while it asks is run again, and asks for nothing twice.
  const state = join(folder, 'svm', 'state.json');
  const isPending = () => {
    try {
      return readFileSync(state, 'utf8').includes('"idempotencyKey"');
    } catch {
      return false;
    }
  };
  expect(await killed(isPending, 'svm', 'newtickets', name)).toBe('SIGKILL');
  expect((await svm('newtickets', name)).results).toEqual({ [first]: 'ok', [second]: 'ok', [third]: 'ok' });
  expect(await db.ticket.count({ where: { sliceUrn: { contains: name } } })).toBe(3);
  expect((await svm('gettickets', name)).json).toHaveLength(3);

  // Leases alone; one node is away, and what it owes is left.
  d.behave({ [third]: 'down' });
  const leases = await svm('newleases', name);
  expect(leases).toMatchObject({ code: 75, json: { left: 1 } });
  expect(leases.results).toEqual({ [first]: 'scheduled', [second]: 'scheduled', [third]: 'NODE_UNREACHABLE' });
  expect(held().map((one) => [Boolean(one.ticket), Boolean(one.lease), one.sliver])).toEqual([
    [false, true, false],
    [false, true, false],
    [true, false, false],
  ]);
  expect((await svm('getslivers', name)).json[0]).toMatchObject({
    state: 'scheduled',
    reason: { code: 'LEASED_ONLY' },
  });

  // Slivers: killed as soon as the first is there, run again with the node back.
  await killed(() => held().some((one) => one.sliver), 'svm', 'newvms', name);
  d.behave({ [third]: 'normal' });
  await until(async () => (await svm('newvms', name)).code === 0, 30_000, 'all slivers');
  expect(held().every((one) => one.sliver && one.lease && !one.ticket)).toBe(true);
  expect((await svm('getslivers', name)).json).toMatchObject(Array(3).fill({ state: 'running' }));
  expect((await svm('getprinciple', name)).json[0]).toMatchObject({ principal: ada.urn });

  // What the deployment learns of it by heartbeats; and that it leaves it alone.
  await until(
    async () => (await db.holderLease.count({ where: { state: 'running', endedAt: null } })) === 3,
    10_000,
    'the nodes to tell of the leases',
  );
  expect(await createCaller(contextOf(ada)).principalKeys.leases({ name })).toMatchObject([
    { state: 'running', key: { name: 'laptop', person: 'Ada' } },
    {},
    {},
  ]);
  expect(await db.sliver.count()).toBe(0);

  // Keys.
  writeFileSync(join(folder, 'id.pub'), `${ED25519} ada\n`);
  expect((await svm('addkey', name, join(folder, 'id.pub'))).results).toMatchObject({ [first]: '1 key' });
  expect((await svm('getsshkeys', name)).json[0]).toMatchObject({ keys: [`${ED25519} ada`] });
  expect((await svm('nukekeys', name)).code).toBe(0);
  expect((await svm('getsshkeys', name)).json[0]).toMatchObject({ keys: [] });

  // More time: the slice's end moves, the leases follow.
  const before = (await db.slice.findFirstOrThrow({ where: { name } })).endsAt?.getTime() ?? 0;
  await db.slice.updateMany({ where: { name }, data: { endsAt: new Date(before + 86_400_000) } });
  expect((await svm('renewslice', name)).json).toMatchObject({ left: 0 });
  const ends = z
    .array(z.object({ at: z.string() }))
    .parse((await svm('expirations')).json)
    .map((one) => Date.parse(one.at));
  expect(new Set(ends).size).toBeLessThanOrEqual(2);
  expect(Math.min(...ends)).toBeGreaterThanOrEqual(before + 86_400_000 - 1000);

  // The end, with a node away again: what is left leaves when it is back.
  d.behave({ [second]: 'down' });
  expect((await svm('deleteslice', name)).results).toEqual({
    [first]: 'released',
    [second]: 'NODE_UNREACHABLE',
    [third]: 'released',
  });
  d.behave({ [second]: 'normal' });
  await until(async () => (await svm('deleteslice', name)).code === 0, 30_000, 'the last node to release');
  expect(held()).toEqual([]);
  await until(
    async () => (await db.holderLease.count({ where: { endedAt: null } })) === 0,
    10_000,
    'the nodes to tell',
  );
  expect((await svm('getslices')).json).toMatchObject([{ held: 0 }]);

  // A key that is taken back is refused at the next call.
  expect((await meridian('key', 'revoke', 'laptop')).code).toBe(0);
  expect((await svm('getads')).json.failure.code).toBe('REVOKED');
});
