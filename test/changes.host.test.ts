import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDb } from '@/server/db';
import { growSlice } from '@/server/services/changes/grow-slice';
import { moveSlivers } from '@/server/services/changes/move-slivers';
import { shrinkSlice } from '@/server/services/changes/shrink-slice';
import type { Person } from '@/server/services/policy';
import { type Deployment, simulatedNodes, startDeployment, until } from './deployment';
import { approvedSlice, deleteSlice, sliceState } from './slices';

// A slice that grows, shrinks and moves with the real programs and a simulated fleet; also with its worker killed in between.
let d: Deployment;
let db: ReturnType<typeof openDb>;
let ada: Person;
const urn = (i: number) => `urn:publicid:IDN+test+node+sim${i}`;

beforeAll(async () => {
  d = await startDeployment({
    nodes: simulatedNodes(12, 100),
    heartbeatMs: 500,
    workerEnv: { MERIDIAN_REPAIR_SECONDS: '1' },
  });
  db = openDb(d.databaseUrl);
  const memberships = [{ siteId: d.siteId, loginBase: 'lab', role: 'researcher' as const }];
  ada = { id: d.personId, name: 'Ada', email: 'ada@example.org', urn: '', operator: false, memberships };
  await db.quota.create({
    data: {
      siteId: d.siteId,
      slivers: 50,
      cpuMilli: 1e6,
      memoryMiB: 1e6,
      diskMiB: 1e6,
      networkKbps: 1e6,
      maxTermSeconds: 86_400,
    },
  });
}, 180_000);
afterAll(async () => {
  await db?.$disconnect();
  await d?.remove();
}, 60_000);

async function deployed(shortName: string, count: number, more = {}) {
  const id = await approvedSlice(d.pool, d, { shortName, count, minimum: 2, ...more });
  await until(async () => (await sliceState(d.pool, id)).state === 'active', 30_000, 'the slice runs');
  return {
    id,
    name: `lab_${shortName}`,
    urn: '',
    siteId: d.siteId,
    ownerId: ada.id,
    memberIds: [ada.id],
    state: 'active',
  };
}
type Slice = Awaited<ReturnType<typeof deployed>>;
type Row = {
  id: string;
  node: string;
  reported: string;
  desired: string;
  code: string | null;
  leaseEndsAt: Date | null;
  goneAt: Date | null;
};
const rows = async ({ id }: Slice) =>
  (
    await d.pool.query<Row>(
      `SELECT v.id::text, n.urn AS node, v.reported::text, v.desired::text, v.reason->>'code' AS code, l."endsAt" AS "leaseEndsAt", v."goneAt"
       FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId" LEFT JOIN "Lease" l ON l."sliverId" = v.id WHERE v."sliceId" = $1 ORDER BY n.urn`,
      [id],
    )
  ).rows;
const live = async (slice: Slice) => (await rows(slice)).filter((v) => v.goneAt === null);
const runsOn = async (slice: Slice) => (await live(slice)).filter((v) => v.reported === 'running').map((v) => v.node);
const settled = async (slice: Slice, running: number) => {
  const now = await live(slice);
  const open = await db.sliverMove.count({ where: { sliceId: slice.id, settledAt: null } });
  return open === 0 && now.length === running && now.every((v) => v.reported === 'running');
};
const grow = (slice: Slice, change: { count?: number; picked?: string[] }) =>
  growSlice(
    db,
    ada,
    slice,
    { name: slice.name, count: 0, picked: [], onlyCountries: [], reason: 'More to measure.', ...change },
    new Date(),
  );
const move = (slice: Slice, how: { slivers?: string[]; offNodes?: string[]; to?: string }) =>
  moveSlivers(db, ada, slice, { slivers: [], offNodes: [], offSites: [], failed: false, ...how }, new Date());
const state = async ({ id }: Slice) => db.slice.findUniqueOrThrow({ where: { id } });
const gone = async (slice: Slice) => {
  await deleteSlice(d.pool, slice.id);
  await until(async () => (await sliceState(d.pool, slice.id)).state === 'deleted', 30_000, 'the slice is gone');
};

test('grows from 3 to 6, shrinks to 4, moves one: each while the rest runs', { timeout: 60_000 }, async () => {
  const slice = await deployed('lively', 3);
  await d.pool.query('UPDATE "Slice" SET "approvedCount" = 6 WHERE id = $1', [slice.id]); // as a PI did
  const before = await runsOn(slice);
  expect(await grow(slice, { count: 3 })).toEqual({ at: 'once', from: 3, to: 6 });
  await until(() => settled(slice, 6), 15_000, 'six run');
  expect(await runsOn(slice)).toEqual(expect.arrayContaining(before));
  const { endsAt } = await state(slice);
  const ends = new Set((await live(slice)).map((v) => v.leaseEndsAt?.getTime()));
  expect([...ends]).toEqual([Math.floor((endsAt?.getTime() ?? 0) / 1000) * 1000]);
  await until(async () => (await state(slice)).growingSince === null, 5000, 'it is grown');
  expect((await state(slice)).state).toBe('active');

  const shrunk = await shrinkSlice(db, ada, slice, { slivers: [], emptyPlaces: 0, by: 2 }, new Date());
  expect(shrunk).toMatchObject({ from: 6, to: 4 });
  await until(() => settled(slice, 4), 15_000, 'four are left');
  expect((await rows(slice)).filter((v) => v.goneAt).map((v) => v.code)).toEqual(['GIVEN_UP', 'GIVEN_UP']);

  const [mover] = await live(slice);
  await move(slice, { slivers: [mover?.id ?? ''] });
  // Make before break: at no time fewer than four.
  let fewest = 4;
  const moved = async () => {
    fewest = Math.min(fewest, (await runsOn(slice)).length);
    return settled(slice, 4);
  };
  await until(moved, 15_000, 'it is moved');
  expect(fewest).toBe(4);
  expect(await runsOn(slice)).not.toContain(mover?.node);
  expect((await rows(slice)).find((v) => v.id === mover?.id)).toMatchObject({ code: 'MOVED', desired: 'gone' });
  expect(await state(slice)).toMatchObject({ state: 'active', sliverCount: 4, spec: { count: 4 } });
  const events = await db.auditEvent.findMany({ where: { objectId: slice.name } });
  expect(events.map((e) => e.action)).not.toContain('slice.degraded');
  await gone(slice);
});

test('a move that comes to nothing: the old sliver stays, and why is told', { timeout: 60_000 }, async () => {
  const slice = await deployed('stays', 2, { picked: [urn(0)], count: 1 });
  const on = await runsOn(slice);
  const bad = [5, 6, 7].map(urn).find((node) => !on.includes(node)) ?? '';
  d.behave({ [bad]: 'failing' });
  const mover = (await live(slice)).find((v) => v.node === urn(0));
  await move(slice, { slivers: [mover?.id ?? ''], to: bad });
  const ended = async () => (await db.sliverMove.findFirst({ where: { sliceId: slice.id } }))?.state === 'failed';
  await until(ended, 30_000, 'the move fails');
  expect(await db.sliverMove.findFirst({ where: { sliceId: slice.id } })).toMatchObject({
    reason: { code: 'START_FAILED' },
  });
  await until(() => settled(slice, 2), 15_000, 'the old ones run');
  expect(await runsOn(slice)).toContain(urn(0));
  expect(await state(slice)).toMatchObject({ state: 'active', spec: { picked: [urn(0)] } });
  expect(await db.notification.count({ where: { kind: 'slice-not-moved' } })).toBe(1);
  d.behave({ [bad]: 'normal' });
  await gone(slice);
});

test('a worker that is killed in the middle of moves and of a growth: another one ends them, with none left twice', {
  timeout: 90_000,
}, async () => {
  const slice = await deployed('killed', 4);
  await d.pool.query('UPDATE "Slice" SET "approvedCount" = 6 WHERE id = $1', [slice.id]);
  const from = (await live(slice)).slice(0, 3);
  await move(slice, { slivers: from.map((v) => v.id) });
  await grow(slice, { count: 2 });
  await until(async () => (await rows(slice)).length > 4, 15_000, 'it is at it');
  await d.kill('worker');
  await d.start('worker');
  await until(() => settled(slice, 6), 30_000, 'all is moved, and six run');
  const on = await runsOn(slice);
  expect(on.filter((node) => from.some((v) => v.node === node))).toEqual([]);
  expect(await state(slice)).toMatchObject({ state: 'active', sliverCount: 6 });
  await gone(slice);
});
