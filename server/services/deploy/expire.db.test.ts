import pino from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { loadRenewal, moveEnd } from '@/server/data/deploy/renewal';
import { seedPerson, seedQueue, seedSite, someSpec } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { approvedRenewal } from '@/test/slices';
import { deployContext } from './context';
import { expire } from './expire';

// From the first warning to the end, by the rows alone; `now` is the test's.
const { db, pool, url } = await testPrisma();
const DAY = 86_400_000;
const t0 = new Date('2026-03-01T12:00:00Z');
const after = (days: number) => new Date(t0.getTime() + days * DAY);
const absent = () => {
  throw new Error('nobody is called');
};
const ctx = deployContext({
  pool,
  worker: 'test',
  log: pino({ level: 'silent' }),
  callers: { jkt: '', node: absent, agents: absent },
  signal: new AbortController().signal,
});
let count = 0;
beforeAll(() => seedQueue(url));

/** A slice of two slivers, for 14 days from t0 and a day of grace, on nodes whose leases say the same. */
async function slice() {
  const site = await seedSite(db, `exp${++count}`);
  const owner = await seedPerson(db, { roles: [[site.id, 'researcher']] });
  const spec = someSpec(site.loginBase);
  const made = await db.slice.create({
    data: {
      name: `${site.loginBase}_a`,
      urn: `urn:publicid:IDN+meridian+slice+${site.loginBase}_a`,
      siteId: site.id,
      ownerId: owner.id,
      state: 'active',
      spec,
      sliverCount: 2,
      minimumCount: 1,
      cpuMilli: 1,
      memoryMiB: 1,
      diskMiB: 1,
      networkKbps: 1,
      termSeconds: 14 * 86_400,
      graceSeconds: 86_400,
      startsAt: t0,
      endsAt: after(14),
      members: { create: { userId: owner.id } },
    },
  });
  for (const i of [0, 1]) {
    const name = `${site.loginBase}-${i}`;
    const node = { urn: `urn:publicid:IDN+meridian+node+${name}`, hostname: name, siteId: site.id };
    const { id: nodeId } = await db.node.create({ data: node });
    const lease = { iss: name, jti: 'lease', text: '', startsAt: t0, endsAt: after(14), graceSeconds: 86_400 };
    await db.sliver.create({ data: { sliceId: made.id, nodeId, reported: 'running', lease: { create: lease } } });
  }
  return { id: made.id, ownerId: owner.id };
}
const now = (id: string) =>
  db.slice.findUniqueOrThrow({ where: { id }, include: { slivers: { orderBy: { id: 'asc' } } } });
const told = async (userId: string) =>
  (await db.notification.findMany({ where: { userId }, orderBy: { createdAt: 'asc' } })).map((n) => n.kind);
const desired = async (id: string) => (await now(id)).slivers.map((v) => v.desired);
const releases = async (id: string) => {
  const ids = (await now(id)).slivers.map((v) => v.id);
  const { rows } = await pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM graphile_worker._private_jobs WHERE payload->>'sliverId' = ANY($1::text[]) AND key LIKE 'release:%'`,
    [ids],
  );
  return rows[0]?.n;
};

test('warned three days and a day ahead, once each; then suspended, and deleted when the grace is over', async () => {
  const { id, ownerId } = await slice();
  await expire(ctx, after(10));
  expect(await told(ownerId)).toEqual([]);
  for (const days of [11, 11.5, 13, 13.5]) await expire(ctx, after(days));
  expect(await told(ownerId)).toEqual(['slice-ending', 'slice-ending']);
  await expire(ctx, new Date(after(14).getTime() - 1));
  expect(await now(id)).toMatchObject({ state: 'active' });
  await expire(ctx, after(14));
  expect(await now(id)).toMatchObject({
    state: 'suspended',
    reason: { code: 'LEASE_ENDED', facts: { endedAt: after(14).toISOString() } },
  });
  expect(await desired(id)).toEqual(['stopped', 'stopped']);
  await expire(ctx, new Date(after(15).getTime() - 1));
  expect([(await now(id)).state, await releases(id)]).toEqual(['suspended', 0]);
  await expire(ctx, after(15));
  expect([(await now(id)).state, await releases(id)]).toEqual(['deleting', 2]);
  expect(await desired(id)).toEqual(['gone', 'gone']);
  await expire(ctx, after(16));
  expect([(await now(id)).state, await releases(id)]).toEqual(['deleting', 2]);
});

test('a renewal moves the end once, forgets the warnings, and the new end is warned of again', async () => {
  const { id, ownerId } = await slice();
  await expire(ctx, after(13.5));
  const { requestId } = await approvedRenewal(pool, id, 14 * 86_400);
  const renewal = await loadRenewal(pool, requestId);
  if (!renewal) throw new Error('no renewal');
  const counts = { renewed: 2, all: 2 };
  expect(await Promise.all([1, 2].map(() => moveEnd(pool, renewal, counts, after(13.6))))).toContain(false);
  expect(await now(id)).toMatchObject({ state: 'active', endsAt: after(28), warnedAt: null });
  for (const days of [14, 15, 24]) await expire(ctx, after(days));
  expect(await told(ownerId)).toEqual(['slice-ending', 'slice-renewed']);
  await expire(ctx, after(25.1));
  expect(await told(ownerId)).toEqual(['slice-ending', 'slice-renewed', 'slice-ending']);
  await expire(ctx, after(28));
  expect((await now(id)).state).toBe('suspended');
});

test('a renewal in the grace brings a suspended slice back, and follows the slivers that have the new end', async () => {
  const { id } = await slice();
  await expire(ctx, after(14));
  const { requestId } = await approvedRenewal(pool, id, 14 * 86_400);
  const renewal = await loadRenewal(pool, requestId);
  const [first] = (await now(id)).slivers;
  if (!renewal || !first) throw new Error('no renewal');
  await db.lease.update({ where: { sliverId: first.id }, data: { endsAt: after(28) } });
  await db.sliver.updateMany({ where: { sliceId: id }, data: { reported: 'stopped' } });
  expect(await moveEnd(pool, renewal, { renewed: 1, all: 2 }, after(14.5))).toBe(true);
  expect(await now(id)).toMatchObject({ state: 'deploying', reason: null, endsAt: after(28) });
  expect(await desired(id)).toEqual(['running', 'running']);
  const { rows } = await pool.query(`SELECT key FROM graphile_worker._private_jobs WHERE key LIKE 'sliver:%'`);
  expect(rows).toEqual([{ key: `sliver:${first.id}` }]);
  await expire(ctx, after(15)); // the old grace means nothing any more
  expect((await now(id)).state).toBe('deploying');
});

test('a slice that is being deleted is not brought back by a renewal', async () => {
  const { id } = await slice();
  const { requestId } = await approvedRenewal(pool, id, 86_400);
  const renewal = await loadRenewal(pool, requestId);
  if (!renewal) throw new Error('no renewal');
  await expire(ctx, after(14));
  await expire(ctx, after(15));
  expect(await moveEnd(pool, renewal, { renewed: 2, all: 2 }, after(15))).toBe(false);
  expect(await now(id)).toMatchObject({ state: 'deleting', endsAt: after(14) });
});
