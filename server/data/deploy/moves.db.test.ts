import { beforeAll, expect, test } from 'vitest';
import { sliceOutcome } from '@/core/slice/outcome';
import { seedNodes, seedPerson, seedQueue, seedSite, someSpec } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { settleMoves } from './moves';
import { settleSlice } from './settle';

// Moves by the rows alone, as any worker finds them after another died: each look takes them one step on.
const { db, pool, url } = await testPrisma();
const now = new Date();
let count = 0;
beforeAll(() => seedQueue(url));

/** A slice on two nodes, the first of them picked, with a third node to go to and a move of the first sliver. */
async function moving(targetNode: string | null = null) {
  const site = await seedSite(db, `mov${++count}`);
  const owner = await seedPerson(db, { roles: [[site.id, 'researcher']] });
  const urns = await seedNodes(db, site.id, 3, now);
  const ids = await Promise.all(urns.map(async (urn) => (await db.node.findUniqueOrThrow({ where: { urn } })).id));
  const name = `${site.loginBase}_a`;
  const spec = someSpec(site.loginBase, { count: 1, picked: [urns[0] ?? ''], minimum: 1 });
  const slice = await db.slice.create({
    data: {
      ...{
        name,
        urn: `urn:publicid:IDN+meridian+slice+${name}`,
        siteId: site.id,
        ownerId: owner.id,
        state: 'active',
        spec,
      },
      ...{ sliverCount: 2, minimumCount: 1, approvedCount: 2, cpuMilli: 1, memoryMiB: 1, diskMiB: 1, networkKbps: 1 },
      ...{ termSeconds: 86_400, graceSeconds: 3600, startsAt: now, endsAt: new Date(now.getTime() + 86_400_000) },
      members: { create: { userId: owner.id } },
    },
  });
  const sliver = (nodeId = '', reported: 'running' | 'starting' = 'running') =>
    db.sliver.create({ data: { sliceId: slice.id, nodeId, reported } });
  const [from, other, to] = [await sliver(ids[0]), await sliver(ids[1]), await sliver(ids[2], 'starting')];
  const move = await db.sliverMove.create({ data: { sliceId: slice.id, fromId: from.id, toId: to.id, targetNode } });
  return { slice, from, other, to, move, urns, owner };
}
type Moving = Awaited<ReturnType<typeof moving>>;
const look = ({ slice }: Moving) => settleMoves(pool, 'test', slice.id, new Date());
const judge = ({ slice }: Moving) =>
  settleSlice(pool, slice.id, sliceOutcome, { exhausted: false, byPlan: false, now: new Date() });
const says = (id: string, data: object) => db.sliver.update({ where: { id }, data });
const sliver = (id: string) => db.sliver.findUniqueOrThrow({ where: { id } });
const move = (m: Moving) => db.sliverMove.findUniqueOrThrow({ where: { id: m.move.id } });
const events = async (m: Moving, action: string) => db.auditEvent.count({ where: { objectId: m.slice.name, action } });
const jobs = async (key: string) =>
  (await pool.query('SELECT 1 FROM graphile_worker._private_jobs WHERE key = $1', [key])).rowCount;
const failed = { reported: 'failed', desired: 'gone', goneAt: now, reason: { code: 'REVOKED', facts: {} } };

test('the old sliver goes once the new one runs, once, however many look at the same time', async () => {
  for (let round = 0; round < 4; round++) {
    const m = await moving();
    await look(m);
    expect([(await sliver(m.from.id)).desired, (await move(m)).state]).toEqual(['running', 'open']);
    await says(m.to.id, { reported: 'running' });
    await Promise.all([look(m), look(m), look(m), look(m)]);
    expect(await sliver(m.from.id)).toMatchObject({ desired: 'gone', givenUpAt: expect.any(Date) });
    expect((await sliver(m.to.id)).desired).toBe('running');
    expect((await move(m)).state).toBe('done');
    expect([await events(m, 'slice.moved'), await jobs(`release:${m.from.id}`)]).toEqual([1, 1]);
    // The node that was left is not wanted back.
    const { spec } = await db.slice.findUniqueOrThrow({ where: { id: m.slice.id } });
    expect(spec).toMatchObject({ count: 2, picked: [] });
    expect((await judge(m))?.state).toBe('active');
  }
});

test('a node whose authority is taken back meanwhile: another one is tried, three in all; then the old one stays and why is told', async () => {
  const m = await moving();
  for (const [i, to] of [m.to.id, m.to.id, m.to.id].entries()) {
    await db.sliverMove.update({ where: { id: m.move.id }, data: { toId: to } });
    await says(to, { ...failed, givenUpAt: null });
    await look(m);
    expect(await sliver(m.from.id)).toMatchObject({ desired: 'running', givenUpAt: null });
    expect((await move(m)).state).toBe(i < 2 ? 'open' : 'failed');
    expect(await jobs(`deploy:${m.slice.id}`)).toBe(1); // asked for when the first was tried again
  }
  expect(await move(m)).toMatchObject({ reason: { code: 'REVOKED' } });
  expect(await db.notification.count({ where: { userId: m.owner.id, kind: 'slice-not-moved' } })).toBe(1);
  const picked = await moving('urn:publicid:IDN+meridian+node+there');
  await says(picked.to.id, failed);
  await look(picked);
  expect((await move(picked)).state).toBe('failed');
});

test('the old sliver’s node is taken back first: the new one takes its place, and nothing stands in beside it', async () => {
  const m = await moving();
  await says(m.from.id, failed);
  await look(m);
  const outcome = await judge(m);
  expect(outcome).toMatchObject({ state: 'degraded', replan: false });
  expect(await jobs(`deploy:${m.slice.id}`)).toBe(0);
  await says(m.to.id, { reported: 'running' });
  await look(m);
  expect((await move(m)).state).toBe('done');
  expect((await judge(m))?.state).toBe('active');
});

test('while both run, the new one hides no loss of another', async () => {
  const m = await moving();
  await says(m.other.id, failed);
  expect(await judge(m)).toMatchObject({ state: 'degraded', replan: true });
});

test('a slice that is deleted, or a sliver that is given up, meanwhile: the new one leaves too', async () => {
  const m = await moving();
  await db.slice.update({ where: { id: m.slice.id }, data: { state: 'deleting' } });
  await look(m);
  expect([(await move(m)).state, (await sliver(m.to.id)).desired]).toEqual(['cancelled', 'gone']);
  const other = await moving();
  await says(other.from.id, { desired: 'gone', givenUpAt: now });
  await says(other.to.id, { reported: 'running' });
  await look(other);
  expect([(await move(other)).state, (await sliver(other.to.id)).desired]).toEqual(['cancelled', 'gone']);
  expect(await jobs(`release:${other.to.id}`)).toBe(1);
});
