import { afterAll, expect, test } from 'vitest';
import { nodeUsage } from '@/server/data/usage';
import { openDb } from '@/server/db';
import { seedNodes, seedPerson, seedSite, someSpec } from '@/test/people';
import { testDatabase } from '@/test/postgres';
import { sliceUsage } from './slice-usage';

const database = await testDatabase();
const db = openDb(database.url, 4);
afterAll(() => db.$disconnect());

const now = new Date('2027-01-10T12:00:30Z');
const minute = new Date('2027-01-10T12:00:00Z');

test('shows what a slice uses, now and in all, and how many of its slivers say nothing', async () => {
  const site = await seedSite(db, 'lab');
  const person = await seedPerson(db, { roles: [[site.id, 'researcher']] });
  await seedNodes(db, site.id, 4, now);
  const nodes = await db.node.findMany({ orderBy: { hostname: 'asc' } });
  const [simulated] = nodes.slice(-1);
  await db.node.update({ where: { id: simulated?.id ?? '' }, data: { simulated: true } });
  const spec = someSpec('lab');
  const { cpuMilli, memoryMiB, diskMiB, networkKbps } = spec.resources;
  const slice = await db.slice.create({
    data: {
      name: 'lab_used',
      urn: 'urn:publicid:IDN+meridian:lab+slice+lab_used',
      siteId: site.id,
      ownerId: person.id,
      state: 'active',
      spec,
      sliverCount: 4,
      minimumCount: 1,
      ...{ cpuMilli, memoryMiB, diskMiB, networkKbps },
      termSeconds: 1,
      graceSeconds: 1,
      slivers: { create: nodes.map(({ id }) => ({ nodeId: id, reported: 'running' as const })) },
    },
    include: { slivers: { orderBy: { node: { hostname: 'asc' } } } },
  });
  const last = { until: now, at: now, periodMs: 10_000n, memoryBytes: 500n, memoryPeakBytes: 900n, pids: 3 };
  const [busy, quiet, gone] = slice.slivers;
  if (!busy || !quiet || !gone) throw new Error('no slivers');
  await db.sliverUsage.createMany({
    data: [
      {
        ...last,
        sliverId: busy.id,
        cpuMs: 5000n,
        cpuMsTotal: 2n ** 40n,
        bytesIn: 10n,
        bytesInTotal: 70n,
        bytesOutTotal: 7n,
      },
      { ...last, sliverId: quiet.id, cpuMs: 0n, cpuMsTotal: 100n },
    ],
  });
  await db.sliverUsageSample.createMany({
    data: [busy, quiet].map(({ id }) => ({
      sliverId: id,
      at: minute,
      periodMs: 30_000n,
      cpuMs: 3000n,
      memoryBytes: 400n,
      bytesIn: id === busy.id ? 60_000n : null,
    })),
  });

  const usage = await sliceUsage(db, slice.id, now);
  expect(usage.rows.map(({ sliverId }) => sliverId)).toEqual([busy.id, quiet.id]);
  expect(usage.rows[0]).toMatchObject({
    cpuMilli: 500,
    cpuMsTotal: 2 ** 40,
    bytesInTotal: 70,
    diskBytes: null,
    pids: 3,
  });
  expect(usage.silent).toEqual({ simulated: 1, others: 1 });
  expect(usage.trend).toEqual([{ at: minute, cpuMilli: 200, memoryBytes: 800, bytesInRate: 2000, bytesOutRate: null }]);
  expect(usage.totals).toEqual({ cpuMs: 2 ** 40 + 100, bytesIn: 70, bytesOut: 7 });

  // A sliver that is gone is no row, and what it used still counts.
  await db.sliver.update({ where: { id: busy.id }, data: { goneAt: now } });
  const after = await sliceUsage(db, slice.id, now);
  expect([after.rows.length, after.totals.bytesIn]).toEqual([1, 70]);
  expect(await nodeUsage(db, quiet.nodeId, now)).toBeNull();
});
