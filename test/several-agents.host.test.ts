import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { type Deployment, startDeployment, until } from './deployment';
import { approvedRenewal, approvedSlice, deleteSlice, sliceState } from './slices';

// Two agent processes, one fleet, one worker: slices over both, and one agent that dies in the middle.
let d: Deployment;
const NODES = 8;

beforeAll(async () => {
  d = await startDeployment({
    nodes: NODES,
    heartbeatMs: 1_000,
    secondAgent: true,
    workerEnv: { MERIDIAN_REPAIR_SECONDS: '1' },
  });
  await until(async () => (await delegated('am.north')) === NODES, 30_000, 'every node delegates to the second agent');
}, 180_000);
afterAll(() => d?.remove(), 60_000);

const delegated = async (name: string) => {
  const { rows } = await d.pool.query<{ n: number }>(
    `SELECT count(DISTINCT "nodeId")::int AS n FROM "Delegation" d JOIN "Agent" a ON a.id = d."agentId"
     WHERE a.urn LIKE '%+authority+' || $1 AND d."revokedAt" IS NULL`,
    [name],
  );
  return rows[0]?.n;
};
const settled = async (sliceId: string, ms = 40_000) => {
  await until(
    async () => !['approved', 'deploying'].includes((await sliceState(d.pool, sliceId)).state),
    ms,
    'the slice settles',
  );
  return sliceState(d.pool, sliceId);
};
const gone = async (sliceId: string) => {
  await deleteSlice(d.pool, sliceId);
  await until(async () => (await sliceState(d.pool, sliceId)).state === 'deleted', 30_000, 'the slice is gone');
};
/** How many of the slice's tickets each agent issued. */
const issuedBy = async (sliceId: string) => {
  const { rows } = await d.pool.query<{ name: string; n: number }>(
    `SELECT regexp_replace(a.urn, '.*[+]', '') AS name, count(*)::int AS n FROM "Ticket" t JOIN "Sliver" v ON v.id = t."sliverId"
     JOIN "Agent" a ON a.id = t."agentId" WHERE v."sliceId" = $1 AND v.reported = 'running' GROUP BY 1 ORDER BY 1`,
    [sliceId],
  );
  return Object.fromEntries(rows.map(({ name, n }) => [name, n]));
};
const wish = (name: string, columns: string, ...values: unknown[]) =>
  d.pool.query(`UPDATE "Agent" SET ${columns} WHERE urn LIKE '%+authority+' || $1`, [name, ...values]);
/** The newest root that each node gave the agent. */
const cpuOf = async (name: string) => {
  const { rows } = await d.pool.query<{ cpu: number }>(
    `SELECT DISTINCT ON (d."nodeId") d."cpuMilli" AS cpu FROM "Delegation" d JOIN "Agent" a ON a.id = d."agentId"
     WHERE a.urn LIKE '%+authority+' || $1 AND d."revokedAt" IS NULL ORDER BY d."nodeId", d."createdAt" DESC`,
    [name],
  );
  return rows.map((row) => row.cpu);
};

test('a changed wish reaches every node with its next heartbeat: another delegation, on the same line', async () => {
  const before = await cpuOf('am.north');
  await wish('am.north', '"shareMilli" = 250');
  await wish('am', '"shareMilli" = 250');
  await until(
    async () => (await cpuOf('am.north')).every((cpu, i) => cpu === Math.floor((before[i] ?? 0) / 4)),
    15_000,
    'the part is a quarter',
  );
  const { rows } = await d.pool.query<{ lines: number }>(
    `SELECT count(DISTINCT d.line)::int AS lines FROM "Delegation" d JOIN "Agent" a ON a.id = d."agentId" WHERE a.urn LIKE '%am.north'`,
  );
  expect(rows[0]?.lines).toBe(1);
}, 30_000);

test('a slice is put together from the tickets of both', { timeout: 90_000 }, async () => {
  const cpu = (await cpuOf('am'))[0] ?? 0;
  const resources = { ...DEFAULT_RESOURCES, cpuMilli: Math.floor(cpu / 2) + 1 }; // of each agent's part of a node, one sliver and no second
  const nodes = d.nodes.map(({ urn }) => urn);
  /** Uses one agent up on half of the nodes. */
  const useUp = async (shortName: string, other: string, picked: string[]) => {
    await wish(other, `"adminSwitch" = 'closed'`);
    const sliceId = await approvedSlice(d.pool, d, { shortName, count: 0, picked, minimum: 4, resources });
    expect((await settled(sliceId)).state).toBe('active');
    await wish(other, `"adminSwitch" = 'open'`);
    return sliceId;
  };
  const one = await useUp('one', 'am.north', nodes.slice(0, 4));
  const two = await useUp('two', 'am', nodes.slice(4));
  expect([await issuedBy(one), await issuedBy(two)]).toEqual([{ am: 4 }, { 'am.north': 4 }]);
  const both = await approvedSlice(d.pool, d, { shortName: 'both', count: NODES, minimum: NODES, resources });
  expect((await settled(both)).state).toBe('active');
  expect(await issuedBy(both)).toEqual({ am: 4, 'am.north': 4 });

  // A renewal goes on where the slice has its tickets; what an agent that was revoked had issued, the other one renews.
  await Promise.all([one, two].map(gone));
  await wish('am.north', '"revokedAt" = now()');
  const { target } = await approvedRenewal(d.pool, both, 3600);
  await until(
    async () =>
      (await d.pool.query(`SELECT 1 FROM "Slice" WHERE id = $1 AND "endsAt" = $2 AND state = 'active'`, [both, target]))
        .rowCount === 1,
    20_000,
    'it is renewed',
  );
  await until(async () => (await issuedBy(both)).am === NODES, 10_000, 'all its tickets are of the agent that is left');
  await wish('am.north', '"revokedAt" = NULL');
  await gone(both);
});

test('an agent that dies in the middle holds up nobody: the other issues for its nodes', {
  timeout: 90_000,
}, async () => {
  const resources = { ...DEFAULT_RESOURCES, cpuMilli: 100 };
  const slices = await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      approvedSlice(d.pool, d, { shortName: `mid${i}`, count: 4, minimum: 4, resources }),
    ),
  );
  await until(
    async () =>
      (await d.pool.query(`SELECT 1 FROM "Ticket" WHERE "createdAt" > now() - interval '5 s' LIMIT 1`)).rowCount === 1,
    20_000,
    'the first tickets are issued',
  );
  await d.kill('north');
  const began = Date.now();
  for (const sliceId of slices) expect((await settled(sliceId)).state).toBe('active');
  expect(Date.now() - began).toBeLessThan(15_000);
  const after = await approvedSlice(d.pool, d, { shortName: 'after', count: 6, minimum: 6, resources });
  const asked = Date.now();
  expect((await settled(after)).state).toBe('active');
  expect(Date.now() - asked).toBeLessThan(6_000);
  expect(await issuedBy(after)).toEqual({ am: 6 });
  await Promise.all([...slices, after].map(gone));
  await d.start('north');
});

test('what an agent’s policy refuses is told with its reason, and by which agent', { timeout: 60_000 }, async () => {
  await wish('am.north', `"adminSwitch" = 'closed'`);
  await wish('am', 'policy = $2', { kind: 'quota', each: { slivers: 3 }, sites: {} });
  const sliceId = await approvedSlice(d.pool, d, {
    shortName: 'quota',
    count: 5,
    minimum: 2,
    resources: { ...DEFAULT_RESOURCES, cpuMilli: 100 },
  });
  const slice = await settled(sliceId);
  expect(slice).toMatchObject({ state: 'degraded', reported: { running: 3 } });
  const { rows } = await d.pool.query(
    `SELECT reason FROM "Sliver" WHERE "sliceId" = $1 AND reported = 'failed' LIMIT 1`,
    [sliceId],
  );
  expect(rows[0]?.reason).toMatchObject({
    code: 'POLICY_DENIED',
    facts: { policy: 'quota', site: 'lab', holds: 0, each: 3 },
  });
  // With the other one open again, the rest comes from there.
  await wish('am.north', `"adminSwitch" = 'open'`);
  const other = await approvedSlice(d.pool, d, {
    shortName: 'rest',
    count: 5,
    minimum: 5,
    resources: { ...DEFAULT_RESOURCES, cpuMilli: 100 },
  });
  expect((await settled(other)).state).toBe('active');
  expect(await issuedBy(other)).toEqual({ 'am.north': 5 });
  await gone(sliceId);
  await gone(other);
});
