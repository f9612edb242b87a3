import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { orRefused } from '@/protocol/transport/client';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from './testing/agent-stub';
import { freePort, NodeProcess } from './testing/node-process';

/** A real daemon, killed at random moments while tickets are redeemed and leases released as fast as it goes. */
const KILLS = Number(process.env.MERIDIAN_TEST_KILLS ?? 12);
const LANES = 6;
const NODE = nodeUrn('crash.lab.example');

let agent: AgentStub;
let data: string;
let env: Record<string, string>;
let node: NodeProcess;

beforeAll(async () => {
  agent = await agentStub();
  data = tempDirectory('crash');
  const capacity = JSON.stringify({
    cpuMilli: 1_000_000,
    memoryMiB: 10_000_000,
    diskMiB: 100_000_000,
    networkKbps: 100_000_000,
  });
  env = {
    MERIDIAN_NODE_DATA: data,
    MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
    MERIDIAN_NODE_TOKEN: agent.token(NODE),
    MERIDIAN_NODE_DRIVER: 'simulated',
    MERIDIAN_NODE_CAPACITY: capacity,
    MERIDIAN_LOG_LEVEL: 'warn',
  };
  node = NodeProcess.start('node-manager/main.ts', env);
  await until('enrolment and delegation', () => agent.delegations.get(NODE));
});
afterAll(async () => {
  await node.end('SIGKILL');
  await agent.close();
  rmSync(data, { recursive: true, force: true });
});

type Known = {
  slice: string;
  ticket: string;
  lease: string | null;
  fate: 'asked' | 'leased' | 'releasing' | 'released';
};
const client = () => agent.client(NODE);
const codeOf = (err: unknown) => (err instanceof Refused ? err.code : 'unknown');

test(`${KILLS} kills: what was acknowledged is there, and no ticket counts twice`, {
  timeout: Math.max(240_000, KILLS * 5_000),
}, async () => {
  const known: Known[] = [];
  let seen = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    await until(
      'it to answer',
      () =>
        client()
          .slivers.query()
          .then(
            () => true,
            () => false,
          ),
      20_000,
    );
    seen += await check(known);
    await loadAndKill(known);
    node = NodeProcess.start('node-manager/main.ts', env);
  }
  await until(
    'it to answer',
    () =>
      client()
        .slivers.query()
        .then(
          () => true,
          () => false,
        ),
    20_000,
  );
  seen += await check(known);
  const count = (fate: Known['fate']) => known.filter((k) => k.fate === fate).length;
  console.info(
    `${KILLS} kills, ${known.length} tickets: ${count('released')} released, ${count('leased')} leased, ${seen} checks`,
  );
  expect(known.length).toBeGreaterThan(KILLS);
});

/** Redeems and releases until the daemon is dead, which it is after a random moment. */
async function loadAndKill(known: Known[]): Promise<void> {
  let dead = false;
  const lane = async () => {
    while (!dead) {
      const slice = sliceUrn(`c${known.length}`);
      const one: Known = { slice, ticket: agent.ticket(NODE, slice), lease: null, fate: 'asked' };
      known.push(one);
      try {
        one.lease = (await client().redeem.mutate({ ticket: one.ticket })).lease;
        one.fate = 'leased';
        if (known.length % 3 > 0) continue;
        one.fate = 'releasing';
        await client().release.mutate({ slice });
        one.fate = 'released';
      } catch {
        return; // its answer was cut off: what became of it is for the next start to say
      }
    }
  };
  const lanes = Array.from({ length: LANES }, lane);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 120));
  await node.end('SIGKILL');
  dead = true;
  await Promise.all(lanes);
}

/** Compares the node's memory with what it had acknowledged; settles what was cut off. */
async function check(known: Known[]): Promise<number> {
  const listed = await client().slivers.query();
  const live = new Map(listed.slivers.filter((s) => s.state !== 'gone').map((s) => [s.slice, s]));
  expect(live.size).toBe(listed.slivers.filter((s) => s.state !== 'gone').length);
  const open = known.filter((k) => k.fate !== 'released' || Math.random() < 0.1); // old ones again, now and then
  for (const one of open) {
    const again = await orRefused(client().redeem.mutate({ ticket: one.ticket })).catch(codeOf);
    if (one.fate === 'released') expect(again, one.slice).toBe('TICKET_SPENT');
    else if (one.fate === 'leased') expect(again, one.slice).toMatchObject({ lease: one.lease, again: true });
    else if (one.fate === 'asked') expect(again, one.slice).toMatchObject({ again: live.has(one.slice) });
    else if (typeof again === 'string') expect(again, one.slice).toBe('TICKET_SPENT');
    else expect(again, one.slice).toMatchObject({ lease: one.lease, again: true });
    live.delete(one.slice);
    if (typeof again === 'string') one.fate = 'released';
    else Object.assign(one, { lease: again.lease, fate: 'leased' });
  }
  for (const one of known)
    if (one.fate === 'released') expect(live.has(one.slice), `${one.slice} came back`).toBe(false);
  // Not all of it all the time: a long tail of live leases would only slow the rounds.
  for (const one of known.filter((k) => k.fate === 'leased').slice(0, -20)) {
    await client().release.mutate({ slice: one.slice });
    one.fate = 'released';
  }
  return open.length;
}

test('a lease that ran out while the daemon was down is over when it is back', async () => {
  const slice = sliceUrn('ranout');
  const now = Math.floor(Date.now() / 1000);
  await until(
    'it to answer',
    () =>
      client()
        .slivers.query()
        .then(
          () => true,
          () => false,
        ),
    20_000,
  );
  const ticket = agent.ticket(NODE, slice, { start: now - 5, end: now + 2 });
  await client().redeem.mutate({ ticket });
  await node.end('SIGKILL');
  await until('the lease to end', () => Date.now() > (now + 2) * 1000);
  node = NodeProcess.start('node-manager/main.ts', env);
  await until(
    'it to answer',
    () =>
      client()
        .slivers.query()
        .then(
          () => true,
          () => false,
        ),
    20_000,
  );
  await until('it to be gone', async () => (await client().sliver.query({ slice })).state === 'gone');
  expect(await orRefused(client().redeem.mutate({ ticket })).catch(codeOf)).toMatch(/^(TICKET_SPENT|LEASE_OVER)$/);
});
