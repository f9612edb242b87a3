import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HostUsage, SliverUse } from '@/protocol/node-manager/usage';
import { testDatabase } from '@/test/postgres';
import { dropOldUsage } from './store/usage';
import { agentFixture, type FakeNode, SLICE } from './test-fleet';

const database = await testDatabase();
let fleet: Awaited<ReturnType<typeof agentFixture>>;
beforeAll(async () => {
  fleet = await agentFixture(database.pool, database.url);
});
afterAll(async () => {
  await fleet.close();
  await database.drop();
});

const one = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
  (await database.pool.query<T>(sql, values)).rows[0];

const HOST: HostUsage = {
  periodMs: 10_000,
  cores: 2,
  cpuMs: 5_000,
  load1Milli: 700,
  load5Milli: 600,
  load15Milli: 500,
  memoryBytes: 2 ** 34,
  memoryUsedBytes: 2 ** 33,
  diskBytes: 2 ** 40,
  diskUsedBytes: 2 ** 39,
  bytesIn: 1000,
  bytesOut: 2000,
  uptimeSeconds: 99,
  clockOffsetMs: -3,
  clockErrorMs: 5,
  kernel: '6.1.0',
  abilities: [{ name: 'tc', able: true }],
};

async function sliver(node: FakeNode) {
  const [userId, sliceId, sliverId, jti] = [
    randomUUID(),
    randomUUID(),
    randomUUID(),
    randomBytes(18).toString('base64url'),
  ];
  await database.pool.query(`INSERT INTO "User" (id, name, email, "updatedAt") VALUES ($1, 'Ada', $1, now())`, [
    userId,
  ]);
  await database.pool.query(
    `INSERT INTO "Slice" (id, name, urn, "siteId", "ownerId", spec, "sliverCount", "minimumCount", "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "termSeconds", "graceSeconds")
     VALUES ($1, $2, $3, $4, $5, '{}', 1, 1, 1, 1, 1, 1, 1, 1)`,
    [sliceId, `oslo_${sliverId.slice(0, 8)}`, SLICE, fleet.siteId, userId],
  );
  await database.pool.query(`INSERT INTO "Sliver" (id, "sliceId", "nodeId", reported) VALUES ($1, $2, $3, 'running')`, [
    sliverId,
    sliceId,
    node.id,
  ]);
  await database.pool.query(
    `INSERT INTO "Lease" (id, "sliverId", iss, jti, text, "startsAt", "endsAt", "graceSeconds") VALUES (gen_random_uuid(), $1, $2, $3, '', now(), now() + interval '1 day', 0)`,
    [sliverId, node.key.jkt, jti],
  );
  return { sliverId, jti };
}

const use = (leaseJti: string, more: Partial<SliverUse> = {}): SliverUse => ({
  leaseJti,
  periodMs: 10_000,
  cpuMs: 100,
  memoryBytes: 1_000,
  diskBytes: 50,
  bytesIn: 10,
  bytesOut: null,
  pids: 3,
  ...more,
});
const at = (ms: number) => new Date(1_800_000_000_000 + ms).toISOString();

test('adds up what slivers use, each report once, also when its answer was lost', async () => {
  const [node] = await fleet.nodes(1);
  if (!node) throw new Error('no node');
  const { sliverId, jti } = await sliver(node);
  const first = { until: at(0), host: HOST, slivers: [use(jti)] };
  await fleet.beat(node, { usage: first });
  await fleet.beat(node, { usage: first }); // the node never heard that it had arrived
  await fleet.beat(node, {
    usage: {
      until: at(10_000),
      host: HOST,
      slivers: [use(jti, { cpuMs: 50, memoryBytes: 900, diskBytes: null }), use('somebody-elses-lease')],
    },
  });
  expect(await one(`SELECT * FROM "SliverUsage" WHERE "sliverId" = $1`, [sliverId])).toMatchObject({
    cpuMs: '50',
    cpuMsTotal: '150',
    bytesInTotal: '20',
    bytesOutTotal: null,
    memoryBytes: '900',
    memoryPeakBytes: '1000',
    diskBytes: '50',
    pids: 3,
  });
  const trend = await one(
    `SELECT sum("cpuMs")::int AS cpu, max("memoryBytes")::int AS memory, sum("periodMs")::int AS period FROM "SliverUsageSample" WHERE "sliverId" = $1`,
    [sliverId],
  );
  expect(trend).toEqual({ cpu: 150, memory: 1000, period: 20_000 });
  expect(await one(`SELECT host FROM "NodeUsage" WHERE "nodeId" = $1`, [node.id])).toEqual({ host: HOST });
  expect(await one(`SELECT sum("bytesOut")::int AS out FROM "NodeUsageSample" WHERE "nodeId" = $1`, [node.id])).toEqual(
    { out: 4000 },
  );
});

test("a node cannot speak of another node's slivers, and one that reports no use writes none", async () => {
  const [owner, other, silent] = await fleet.nodes(3);
  if (!owner || !other || !silent) throw new Error('no nodes');
  const { sliverId, jti } = await sliver(owner);
  await Promise.all([
    fleet.beat(other, { usage: { until: at(0), host: HOST, slivers: [use(jti, { cpuMs: 999_999 })] } }),
    fleet.beat(silent),
  ]);
  expect(await one(`SELECT FROM "SliverUsage" WHERE "sliverId" = $1`, [sliverId])).toBeUndefined();
  expect(await one(`SELECT FROM "NodeUsage" WHERE "nodeId" = $1`, [silent.id])).toBeUndefined();
});

test('the trend goes back some hours and no further', async () => {
  const [node] = await fleet.nodes(1);
  if (!node) throw new Error('no node');
  const minute = `INSERT INTO "NodeUsageSample" SELECT $1, date_trunc('minute', now()) - make_interval(mins => m), 1, 1, 1, 1, 1, 1, 1 FROM generate_series(0, 600) m`;
  await database.pool.query(minute, [node.id]);
  await dropOldUsage(database.pool);
  const left = await one<{ n: number }>(`SELECT count(*)::int AS n FROM "NodeUsageSample" WHERE "nodeId" = $1`, [
    node.id,
  ]);
  expect(left?.n).toBeGreaterThanOrEqual(359);
  expect(left?.n).toBeLessThanOrEqual(361);
});
