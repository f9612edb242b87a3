import { afterAll, beforeAll, expect, test } from 'vitest';
import { refusedFrom } from '@/protocol/trpc';
import { openServiceManager, type ServiceManager } from '@/server/service-manager/service-manager';
import { type Deployment, type ProgramName, startDeployment, until } from './deployment';
import { approvedSlice, deleteSlice, sliceState } from './slices';

// SIGKILL of worker, agent and simulator (node managers with one journal) at random moments of deployments. Whatever is
// killed when: every slice ends right, nothing leaks, nothing is redeemed twice. MERIDIAN_KILL_ROUNDS=20 for the long run.
const ROUNDS = Number(process.env.MERIDIAN_KILL_ROUNDS ?? 3);
const SEED = Number(process.env.MERIDIAN_KILL_SEED ?? Math.floor(Math.random() * 2 ** 31));
const NODES = 18;
const WANTED = 12;
const MINIMUM = 8;

let d: Deployment;
let manager: ServiceManager;

beforeAll(async () => {
  d = await startDeployment({ nodes: NODES, heartbeatMs: 1_000, workerEnv: { MERIDIAN_REPAIR_SECONDS: '1' } });
  const sealKey = Buffer.from(d.env.MERIDIAN_SEAL_KEY ?? '', 'base64url');
  manager = await openServiceManager({
    db: d.pool,
    sealKey,
    authority: 'test',
    agentAddress: d.env.MERIDIAN_AGENT_ADDRESS ?? '',
  });
}, 180_000);
afterAll(async () => {
  await manager?.close();
  await d?.remove();
}, 60_000);

/** mulberry32: the same seed, the same moments. */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type NodeRow = { urn: string; address: string; jkt: string };

async function nodes(): Promise<NodeRow[]> {
  const { rows } = await d.pool.query<NodeRow>(
    `SELECT n.urn, n.address, k.jkt FROM "Node" n JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL`,
  );
  return rows;
}

/** What the nodes themselves say that they hold: sliver URN's slice → nodes with a lease that is not over. */
async function heldBy(sliceUrn: string): Promise<Map<string, { state: string; jti: string }[]>> {
  const held = new Map<string, { state: string; jti: string }[]>();
  for (const node of await nodes()) {
    const { slivers } = await manager.node(node).slivers.query();
    const ours = slivers.filter((s) => s.slice === sliceUrn && s.state !== 'gone');
    if (ours.length > 0)
      held.set(
        node.urn,
        ours.map((s) => ({ state: s.state, jti: s.lease.jti })),
      );
  }
  return held;
}

test(`every slice ends right when programs are killed at random moments (seed ${SEED}, ${ROUNDS} rounds)`, {
  timeout: 90_000 * ROUNDS,
}, async () => {
  const next = random(SEED);
  for (let round = 0; round < ROUNDS; round++) {
    const name = `kill${round}`;
    const victims: ProgramName[] = ['worker', 'agent', 'simulator'];
    const plan = Array.from({ length: 2 }, () => ({
      after: next() * 1_500,
      victim: victims[Math.floor(next() * 3)] ?? 'worker',
    }));
    const about = `round ${round} of seed ${SEED}: ${plan.map((k) => `${k.victim} after ${Math.round(k.after)} ms`).join(', ')}`;
    const sliceId = await approvedSlice(d.pool, d, {
      shortName: name,
      count: WANTED,
      minimum: MINIMUM,
      minCountries: 3,
    });
    const sliceUrn = `urn:publicid:IDN+test:lab+slice+lab_${name}`;
    for (const { after, victim } of plan) {
      await new Promise((done) => setTimeout(done, after)); // the random moment is the test
      await d.kill(victim);
      await d.start(victim);
    }
    await until(
      async () => ['active', 'degraded', 'failed'].includes((await sliceState(d.pool, sliceId)).state),
      60_000,
      `${about}: the slice ends`,
    );
    // Failed slivers leave their nodes; then what the database says and what the nodes say is the same.
    await until(async () => (await pendingRelease(sliceId)) === 0, 30_000, `${about}: what failed is released`);
    const slice = await sliceState(d.pool, sliceId);
    const running = slice.reported.running ?? 0;
    if (slice.state === 'active') expect(running, about).toBe(WANTED);
    else expect(slice.reason, about).toMatchObject({ code: expect.any(String), facts: expect.any(Object) });
    if (slice.state === 'degraded') expect(running, about).toBeGreaterThanOrEqual(MINIMUM);
    const held = await heldBy(sliceUrn);
    expect(
      [...held.values()].every((leases) => leases.length === 1),
      about,
    ).toBe(true);
    expect(held.size, about).toBe(slice.live);
    await expectSameLeases(sliceId, held, about);

    await deleteSlice(d.pool, sliceId);
    if (next() < 0.5) {
      await d.kill('worker');
      await d.start('worker');
    }
    await until(
      async () => (await sliceState(d.pool, sliceId)).state === 'deleted',
      60_000,
      `${about}: the slice is deleted`,
    );
    expect((await sliceState(d.pool, sliceId)).live, about).toBe(0);
    expect((await heldBy(sliceUrn)).size, about).toBe(0);
    await expectNoneRedeemsAgain(sliceId, about);
    expect((await heldBy(sliceUrn)).size, about).toBe(0);
  }
});

test('a job of a killed worker is taken up within seconds by another', { timeout: 60_000 }, async () => {
  const sliceId = await approvedSlice(d.pool, d, { shortName: 'takeover', count: WANTED, minimum: 1 });
  await until(
    async () =>
      ((await sliceState(d.pool, sliceId)).reported.ticketed ?? 0) +
        ((await sliceState(d.pool, sliceId)).reported.running ?? 0) >
      0,
    20_000,
    'sagas run',
  );
  await d.kill('worker');
  await d.start('worker');
  const ready = Date.now();
  await until(async () => (await sliceState(d.pool, sliceId)).state === 'active', 30_000, 'the slice is active');
  expect(Date.now() - ready).toBeLessThan(10_000);
  await deleteSlice(d.pool, sliceId);
  await until(async () => (await sliceState(d.pool, sliceId)).state === 'deleted', 30_000, 'the slice is deleted');
});

async function pendingRelease(sliceId: string): Promise<number> {
  const { rows } = await d.pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM "Sliver" WHERE "sliceId" = $1 AND desired = 'gone' AND "goneAt" IS NULL`,
    [sliceId],
  );
  return rows[0]?.n ?? 0;
}

/** Each live sliver's lease is the one that its node holds. */
async function expectSameLeases(sliceId: string, held: Map<string, { jti: string }[]>, about: string): Promise<void> {
  const { rows } = await d.pool.query<{ urn: string; jti: string | null }>(
    `SELECT n.urn, l.jti FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId" LEFT JOIN "Lease" l ON l."sliverId" = v.id WHERE v."sliceId" = $1 AND v."goneAt" IS NULL`,
    [sliceId],
  );
  const said = new Map([...held].map(([urn, [lease]]) => [urn, lease?.jti ?? null]));
  expect(new Map(rows.map((row) => [row.urn, row.jti])), about).toEqual(said);
}

/** Whatever ticket there ever was for the slice: no node takes it (again), now that the slice is gone. */
async function expectNoneRedeemsAgain(sliceId: string, about: string): Promise<void> {
  const { rows } = await d.pool.query<NodeRow & { text: string; linked: boolean }>(
    `SELECT n.urn, n.address, k.jkt, t.text, t."sliverId" IS NOT NULL AS linked FROM "Ticket" t JOIN "Node" n ON n.id = t."nodeId"
     JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL WHERE t."sliceId" = $1 AND t."sliverId" IS NOT NULL`,
    [sliceId],
  );
  expect(rows.length, about).toBeGreaterThan(0);
  for (const { text, ...node } of rows) {
    const refusal = await manager
      .node(node)
      .redeem.mutate({ ticket: text })
      .then(
        () => 'redeemed again',
        (err: unknown) => refusedFrom(err)?.code ?? String(err),
      );
    expect(['TICKET_SPENT', 'TICKET_BURNT'], `${about}: ${refusal}`).toContain(refusal);
  }
}
