import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { decodeUnverified } from '@/protocol/statement/verify';
import { orRefused } from '@/protocol/transport/client';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from './testing/agent-stub';
import { hostLacks, NO_TRACES, tracesOf } from './testing/host';
import { freePort, NodeProcess } from './testing/node-process';

// What becomes of a node whose journal is lost, damaged or put back from a copy.
const lacks = await hostLacks('incarnations with real slivers');
const REAL = lacks.length === 0;

let agent: AgentStub;
let data: string;
let node: NodeProcess;
let env: Record<string, string>;
let NODE: string;
let count = 0;
const client = () => agent.client(NODE);
const codeOf = (call: Promise<unknown>) =>
  orRefused(call).then(
    () => 'done',
    (err: unknown) => (err instanceof Refused ? err.code : err),
  );

beforeAll(async () => {
  agent = await agentStub();
});
afterEach(async () => {
  await node.end('SIGTERM');
  const left = NodeProcess.start('node-manager/main.ts', env); // whatever a test left running
  await left.ready();
  await releaseAll();
  await left.end('SIGTERM');
  expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
  rmSync(data, { recursive: true, force: true });
});
afterAll(() => agent.close());

async function begin(): Promise<void> {
  NODE = nodeUrn(`lives${count++}.lab.example`);
  data = tempDirectory('lives');
  env = {
    MERIDIAN_NODE_DATA: data,
    MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
    MERIDIAN_NODE_TOKEN: agent.token(NODE),
    MERIDIAN_NODE_HEARTBEAT_MS: '200',
    MERIDIAN_NODE_DRIVER: REAL ? 'oci' : 'simulated',
  };
  await start();
  await until('the delegation', () => agent.delegations.get(NODE));
}

async function start(): Promise<void> {
  node = NodeProcess.start('node-manager/main.ts', env);
  await node.ready();
}

async function redeemed(name: string) {
  const slice = sliceUrn(name);
  const ticket = agent.ticket(NODE, slice);
  const { lease } = await client().redeem.mutate({ ticket, waitMs: 5_000 });
  await until(`${name} to run`, async () => (await client().sliver.query({ slice })).state === 'running');
  return { slice, ticket, lease };
}

async function releaseAll(): Promise<void> {
  for (const { slice, state } of (await client().slivers.query()).slivers)
    if (state !== 'gone') await client().release.mutate({ slice });
}

const incarnation = () => decodeUnverified('delegation+jwt', agent.delegations.get(NODE) ?? '').claims.incarnation;
const said = (why: string) =>
  node.lines.some((line) => line.why === why && String(line.msg).startsWith('the memory of this node is not whole'));
const logFiles = (folder: string) => readdirSync(folder).filter((name) => name.endsWith('.log'));
const containers = () => tracesOf(NODE, data).containers;

/** The node speaks for another incarnation than `before`, and its agent has that by delegation and heartbeat. */
async function bornAgain(before: string, why: string): Promise<void> {
  await until('the delegation of the new incarnation', () => incarnation() !== before, 15_000);
  const beat = await until('the word of it', () =>
    agent.heartbeats.findLast((one) => one.node === NODE && one.full && one.life?.why === why),
  );
  expect(beat.incarnation).toBe(incarnation());
  expect(agent.nodes.get(NODE)?.incarnation).toBe(beat.incarnation); // by proof of its key
  expect(said(why)).toBe(true);
}

describe('a node begins a new incarnation', { timeout: 60_000 }, () => {
  test('when its journal is lost: what runs is removed, old tickets are refused, new ones taken', async () => {
    await begin();
    const before = incarnation();
    const { slice, ticket } = await redeemed('lost');
    const unredeemed = agent.ticket(NODE, sliceUrn('late'));
    await node.end('SIGKILL');
    if (REAL) expect(containers()).toHaveLength(1);
    rmSync(`${data}/journal`, { recursive: true });
    await start();
    await bornAgain(before, 'lost');
    await until('what ran to be removed', () => containers().length === 0);
    for (const old of [ticket, unredeemed])
      expect(await codeOf(client().redeem.mutate({ ticket: old }))).toBe('WRONG_INCARNATION');
    expect(await codeOf(client().sliver.query({ slice }))).toBe('NO_LEASE');
    await redeemed('lost');
    // And it stays in this one.
    const now = incarnation();
    await node.end('SIGKILL');
    await start();
    expect(incarnation()).toBe(now);
    expect((await client().sliver.query({ slice })).state).toBe('running');
  });

  test('when what was durable is damaged: the file is kept, and what verifies and runs goes on', async (ctx) => {
    if (!REAL) ctx.skip('without real slivers nothing is found running');
    await begin();
    const before = incarnation();
    const kept = await redeemed('kept');
    const released = await redeemed('released');
    await client().release.mutate({ slice: released.slice });
    await client().setKeys.mutate({ slice: kept.slice, keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample ada'] });
    await node.end('SIGKILL');
    const [name = ''] = logFiles(`${data}/journal`);
    const file = readFileSync(`${data}/journal/${name}`);
    const hole = file.lastIndexOf('"t":"ended"'); // the word of the release
    file[hole] = (file[hole] ?? 0) ^ 1;
    writeFileSync(`${data}/journal/${name}`, file);
    await start();
    await bornAgain(before, 'damaged');
    const aside = readdirSync(data).find((one) => one.startsWith('journal.damaged')) ?? 'none';
    expect(readFileSync(`${data}/${aside}/${name}`).equals(file)).toBe(true);
    expect((await client().sliver.query({ slice: kept.slice })).state).toBe('running');
    expect(containers()).toHaveLength(1);
    expect(await client().redeem.mutate({ ticket: kept.ticket })).toMatchObject({ lease: kept.lease, again: true });
    expect(await codeOf(client().redeem.mutate({ ticket: released.ticket }))).toMatch(/WRONG_INCARNATION|TICKET_SPENT/);
    await client().release.mutate({ slice: kept.slice });
    expect(await codeOf(client().redeem.mutate({ ticket: kept.ticket }))).toMatch(/WRONG_INCARNATION|TICKET_SPENT/);
  });

  test('when its journal was put back from a copy, which it sees by itself before a ticket is taken', async () => {
    await begin();
    const before = incarnation();
    const ticket = agent.ticket(NODE, sliceUrn('twice'));
    await node.end('SIGTERM');
    cpSync(`${data}/journal`, `${data}/copy`, { recursive: true });
    await start();
    await client().redeem.mutate({ ticket });
    await client().release.mutate({ slice: sliceUrn('twice') });
    await node.end('SIGKILL');
    rmSync(`${data}/journal`, { recursive: true });
    cpSync(`${data}/copy`, `${data}/journal`, { recursive: true });
    await start();
    expect(await codeOf(client().redeem.mutate({ ticket }))).toBe('WRONG_INCARNATION');
    await bornAgain(before, 'rolled-back');
    expect(readdirSync(data).some((name) => name.startsWith('journal.rolled-back'))).toBe(true);
  });

  test('when all its data was put back and the machine booted: by the agent’s word, which old tickets await', async () => {
    await begin();
    const before = incarnation();
    const ticket = agent.ticket(NODE, sliceUrn('again'));
    await node.end('SIGTERM');
    const copy = `${data}-copy`;
    cpSync(data, copy, { recursive: true });
    await start();
    await client().redeem.mutate({ ticket });
    await client().release.mutate({ slice: sliceUrn('again') });
    const seen = agent.heartbeats.length;
    await until('a heartbeat after it', () => agent.heartbeats.length > seen + 1);
    await node.end('SIGKILL');
    for (const name of ['journal', 'enrolment.json', 'identity.pem', 'run']) {
      rmSync(`${data}/${name}`, { recursive: true, force: true });
      if (name !== 'run') cpSync(`${copy}/${name}`, `${data}/${name}`, { recursive: true });
    }
    rmSync(copy, { recursive: true });
    await start();
    expect(await codeOf(client().redeem.mutate({ ticket }))).toBe('WRONG_INCARNATION');
    await bornAgain(before, 'rolled-back');
  });
});
