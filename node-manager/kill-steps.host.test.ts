import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { decodeUnverified } from '@/protocol/statement/verify';
import { orRefused } from '@/protocol/transport/client';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from './testing/agent-stub';
import { hostLacks, NO_TRACES, tracesOf } from './testing/host';
import { freePort, NodeProcess } from './testing/node-process';

/**
 * A node with real slivers, killed at a chosen step of what it does to files and by programs, through a fixed history of calls. A sample of
 * steps by default; MERIDIAN_TEST_KILL_STEPS=all for each of them, or a number.
 */
const SAMPLE = process.env.MERIDIAN_TEST_KILL_STEPS ?? '1';
/** These alone, to look at one again: numbers with commas between. */
const ONLY = process.env.MERIDIAN_TEST_KILL_ONLY;
const NODE = nodeUrn('steps.lab.example');
const lacks = await hostLacks('kills at every step');

let agent: AgentStub;
let data: string;
let env: Record<string, string>;
let node: NodeProcess;
let round = 0;

beforeAll(async () => {
  if (lacks.length > 0) return;
  agent = await agentStub();
  data = tempDirectory('steps');
  mkdirSync(`${data}/steps`);
  env = {
    MERIDIAN_NODE_DATA: data,
    MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
    MERIDIAN_NODE_TOKEN: agent.token(NODE),
    MERIDIAN_NODE_DRIVER: 'oci',
    MERIDIAN_NODE_CAPACITY: JSON.stringify({ cpuMilli: 2000, memoryMiB: 4096, diskMiB: 8192, networkKbps: 100_000 }),
  };
  node = NodeProcess.start('node-manager/main.ts', env);
  await node.ready();
  await until('the delegation', () => agent.delegations.get(NODE), 20_000);
  await node.end('SIGKILL');
});
afterAll(async () => {
  if (lacks.length > 0) return;
  await node.end('SIGTERM');
  await agent.close();
  rmSync(data, { recursive: true, force: true });
});

const client = () => agent.client(NODE);
const codeOf = (err: unknown) => (err instanceof Refused ? err.code : 'unknown');

/** What a slice's calls came to: `maybe` when a call was cut off. */
type Fate = { slice: string; tickets: string[]; lease: string | null; leased: 'yes' | 'no' | 'maybe' };

/** Redeem, set keys, renew, release; lapse; redeem: until it is dead or through. Gives what was acknowledged. */
async function history(): Promise<Fate[]> {
  const fates: Fate[] = [];
  const begin = (name: string, ticket: string) => {
    const fate: Fate = { slice: sliceUrn(`${name}${round}`), tickets: [ticket], lease: null, leased: 'no' };
    fates.push(fate);
    return fate;
  };
  const redeem = async (fate: Fate) => {
    fate.leased = 'maybe';
    fate.lease = (await client().redeem.mutate({ ticket: fate.tickets[0] ?? '', waitMs: 5_000 })).lease;
    fate.leased = 'yes';
  };
  const now = Math.floor(Date.now() / 1000);
  const first = begin('a', agent.ticket(NODE, sliceUrn(`a${round}`)));
  const short = begin('b', agent.ticket(NODE, sliceUrn(`b${round}`), { start: now, end: now + 3 }));
  const last = begin('c', agent.ticket(NODE, sliceUrn(`c${round}`)));
  try {
    await Promise.all([redeem(first), redeem(short)]);
    await client().setKeys.mutate({ slice: first.slice, keys: [] });
    const replaces = decodeUnverified('ticket+jwt', first.tickets[0] ?? '').claims.jti;
    const renewal = agent.ticket(NODE, first.slice, { replaces, start: now - 60, end: now + 7200 });
    first.tickets.push(renewal);
    first.lease = null;
    first.lease = (await client().renew.mutate({ ticket: renewal })).lease;
    await redeem(last);
    first.leased = 'maybe';
    await client().release.mutate({ slice: first.slice });
    first.leased = 'no';
    await until('its end', async () => (await client().sliver.query({ slice: short.slice })).state === 'gone');
  } catch {
    // killed
  }
  return fates;
}

/** Exactly the acknowledged leases, a container for each that runs, and nothing else; then nothing at all, and no ticket counts again. */
async function check(fates: readonly Fate[], about: string): Promise<void> {
  const { slivers } = await client().slivers.query();
  const live = new Map(slivers.filter((one) => one.state !== 'gone').map((one) => [one.slice, one]));
  for (const { slice, leased } of fates) {
    if (slice.includes('lab_b')) continue; // its end may come at any moment
    if (leased === 'yes') expect(live.has(slice), `${about}: ${slice} was acknowledged`).toBe(true);
    if (leased === 'no') expect(live.has(slice), `${about}: ${slice}`).toBe(false);
  }
  await expect
    .poll(
      async () => {
        const now = (await client().slivers.query()).slivers.filter((one) => one.state !== 'gone');
        const wrong = now.filter((one) => one.state !== 'running' || one.slice.includes('lab_b'));
        const { containers } = tracesOf(NODE, data);
        return wrong.length === 0 && containers.length === now.length ? 'right' : { containers, slivers: now };
      },
      { timeout: 15_000, message: `${about}: exactly what is leased runs` },
    )
    .toBe('right');
  for (const { slice, state } of (await client().slivers.query()).slivers)
    if (state !== 'gone') await client().release.mutate({ slice });
  await until(`${about}: nothing to be left`, () => {
    expect(tracesOf(NODE, data).containers).toEqual([]);
    return true;
  });
  expect(tracesOf(NODE, data), about).toEqual(NO_TRACES);
  for (const { tickets, leased, lease } of fates)
    for (const ticket of tickets) {
      if (leased === 'no' && lease === null) continue; // never sent
      const again = await orRefused(client().redeem.mutate({ ticket })).then(() => 'done', codeOf);
      if (again === 'done') expect(leased, `${about}: a ticket counted twice`).toBe('maybe');
      else expect(again, about).toMatch(/^(TICKET_SPENT|LEASE_OVER|WRONG_STATE)$/);
    }
  for (const { slice, state } of (await client().slivers.query()).slivers)
    if (state !== 'gone') await client().release.mutate({ slice });
}

async function startKilledAt(step: number): Promise<string> {
  round += 1;
  const log = `${data}/steps/${round}`;
  writeFileSync(log, '');
  const more = { MERIDIAN_TEST_KILL_AT: String(step), MERIDIAN_TEST_STEPS: log };
  node = NodeProcess.start('node-manager/testing/killed-at-step.ts', { ...env, ...more });
  await until(
    'it to answer or die',
    async () => {
      if (node.child.exitCode !== null || node.child.signalCode !== null) return true;
      return node.lines.some((line) => line.msg === 'ready');
    },
    30_000,
  );
  return log;
}

test('killed at any step it remembers exactly what it acknowledged, and leaves nothing', {
  timeout: 3_600_000,
}, async (ctx) => {
  if (lacks.length > 0) ctx.skip(`this host lacks ${lacks.join('; ')}`);
  const log = await startKilledAt(0);
  const whole = await history();
  expect(whole.map((fate) => fate.leased)).toEqual(['no', 'yes', 'yes']);
  await check(whole, 'not killed');
  await node.end('SIGKILL');
  const steps = readFileSync(log, 'utf8').trim().split('\n');
  const count = SAMPLE === 'all' ? steps.length : Number(SAMPLE);
  const stride = steps.length / count;
  const at = Array.from(
    { length: count },
    (_, i) => 1 + Math.floor((i + (SAMPLE === 'all' ? 0 : Math.random())) * stride),
  );
  if (ONLY) at.splice(0, at.length, ...ONLY.split(',').map(Number));
  const names: string[] = [];
  for (const step of at) {
    const killed = await startKilledAt(step);
    const fates = await history();
    await node.end('SIGKILL');
    const name = readFileSync(killed, 'utf8').trim().split('\n').at(-1) ?? '';
    names.push(name);
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    await check(fates, `killed at step ${name} of ${steps.length}`);
    await node.end('SIGKILL');
  }
  console.info(`killed at ${names.length} of ${steps.length} steps: ${names.slice(0, 40).join(', ')}`);
  node = NodeProcess.start('node-manager/main.ts', env);
  await node.ready();
});
