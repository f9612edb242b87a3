import { beforeAll, describe, expect, test } from 'vitest';
import { seedNodes, seedPerson, seedQueue, seedSite, someSpec } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { decideRequest } from '../approvals/decide-request';
import { listPending } from '../approvals/list-pending';
import { listNotifications } from '../notifications';
import type { Person } from '../policy';
import { renewSlice } from '../requests/renew-slice';
import { withdrawSlice } from '../requests/withdraw-slice';
import { deleteSlice } from '../slices/delete-slice';
import { checkGrowth, growSlice } from './grow-slice';
import { moveSlivers } from './move-slivers';
import { shrinkSlice } from './shrink-slice';

const { db, pool, url } = await testPrisma();
const now = new Date('2026-03-01T12:00:00Z');
const end = new Date('2026-03-20T12:00:00Z');
let count = 0;
beforeAll(() => seedQueue(url));

/** A slice that runs on `slivers` nodes of a site with one more node each, and its people. */
async function running(slivers: number, quota = {}, spec = {}) {
  const loginBase = `grow${++count}`;
  const site = await seedSite(db, loginBase, quota);
  const [pi, otherPi] = await Promise.all([
    seedPerson(db, { roles: [[site.id, 'pi']] }),
    seedPerson(db, { roles: [[site.id, 'pi']] }),
  ]);
  const owner = await seedPerson(db, { roles: [[site.id, 'researcher']] });
  const nodes = await seedNodes(db, site.id, slivers * 2, now);
  const slice = await sliceOn(site.id, owner, `${loginBase}_a`, nodes.slice(0, slivers), spec);
  return { site, pi, otherPi, owner, nodes, slice };
}

async function sliceOn(siteId: string, owner: Person, name: string, nodes: readonly string[], change = {}) {
  const asked = someSpec(name.split('_')[0] ?? '', { count: nodes.length, minimum: 2, ...change });
  const { cpuMilli, memoryMiB, diskMiB, networkKbps } = asked.resources;
  const made = await db.slice.create({
    data: {
      ...{
        name,
        urn: `urn:publicid:IDN+meridian+slice+${name}`,
        siteId,
        ownerId: owner.id,
        state: 'active',
        spec: asked,
      },
      ...{ sliverCount: nodes.length, minimumCount: 2, approvedCount: nodes.length },
      ...{ cpuMilli, memoryMiB, diskMiB, networkKbps },
      ...{ termSeconds: 14 * 86_400, graceSeconds: 86_400, startsAt: now, endsAt: end },
      members: { create: { userId: owner.id } },
    },
  });
  for (const urn of nodes) {
    const node = await db.node.findUniqueOrThrow({ where: { urn } });
    await db.sliver.create({ data: { sliceId: made.id, nodeId: node.id, reported: 'running', runningAt: now } });
  }
  return { id: made.id, name, urn: made.urn, siteId, ownerId: owner.id, memberIds: [owner.id], state: 'active' };
}

type Slice = Awaited<ReturnType<typeof sliceOn>>;
const asks = (count: number, more = {}) => ({
  count,
  picked: [],
  onlyCountries: [],
  reason: 'We found more to measure.',
  ...more,
});
const grow = (by: Person, slice: Slice, count: number, more = {}) =>
  growSlice(db, by, slice, { name: slice.name, ...asks(count, more) }, now);
const shrink = (by: Person, slice: Slice, input: { by?: number; slivers?: string[]; emptyPlaces?: number }) =>
  shrinkSlice(db, by, slice, { slivers: [], emptyPlaces: 0, ...input }, now);
const move = (
  by: Person,
  slice: Slice,
  input: { slivers?: string[]; offNodes?: string[]; offSites?: string[]; to?: string },
) => moveSlivers(db, by, slice, { slivers: [], offNodes: [], offSites: [], failed: false, ...input }, now);
const row = (id: string) =>
  db.slice.findUniqueOrThrow({ where: { id }, include: { slivers: { orderBy: { id: 'asc' } } } });
const waiting = async (sliceId: string) =>
  (await db.request.findFirst({ where: { sliceId, state: 'pending' } }))?.id ?? '';
const decide = (by: Person, requestId: string) =>
  decideRequest(db, by, { requestId, outcome: 'approved', comment: '' }, now);
const jobs = async (ids: string[]) =>
  (
    await pool.query<{ key: string }>(
      `SELECT key FROM graphile_worker._private_jobs WHERE payload->>'sliverId' = ANY($1) OR payload->>'sliceId' = ANY($1) ORDER BY key`,
      [ids],
    )
  ).rows.map((r) => r.key.split(':')[0]);
const refusals = (outcomes: PromiseSettledResult<unknown>[]) =>
  outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason.code ?? o.reason] : []));

describe('growing', () => {
  test('waits for a PI, who sees what changes and what of the quota is left; then it wants more, with a plan to bring it there', async () => {
    const { slice, owner, pi } = await running(3);
    expect(await checkGrowth(db, slice, asks(3), now)).toMatchObject({
      ...{ ok: true, from: 3, to: 6, needsApproval: true, matching: 3, problems: [] },
    });
    expect(await grow(owner, slice, 3)).toEqual({ at: 'pending', from: 3, to: 6 });
    expect(await row(slice.id)).toMatchObject({ sliverCount: 3 });
    const [seen] = await listPending(db, pi);
    expect(seen).toMatchObject({ kind: 'change', change: { count: 3 }, slice: { sliverCount: 3 } });
    expect(seen?.quota.lines[0]).toMatchObject({ used: 3, wants: 3 });
    await decide(pi, await waiting(slice.id));
    expect(await row(slice.id)).toMatchObject({
      ...{ state: 'active', sliverCount: 6, approvedCount: 6, minimumCount: 2, growingSince: now, endsAt: end },
      spec: { count: 6 },
    });
    expect(await jobs([slice.id])).toEqual(['deploy']);
    expect((await listNotifications(db, owner.id))[0]).toMatchObject({
      facts: { kind: 'change', outcome: 'approved' },
    });
  });

  test('within what was approved before is done at once; the quota is judged all the same', async () => {
    const { slice, owner } = await running(5, { slivers: 5 });
    await shrink(owner, slice, { by: 3 });
    expect(await grow(owner, slice, 2, { reason: '' })).toEqual({ at: 'once', from: 2, to: 4 });
    expect(await row(slice.id)).toMatchObject({ sliverCount: 4, approvedCount: 5 });
    await db.quota.update({ where: { siteId: slice.siteId }, data: { slivers: 4 } });
    await expect(grow(owner, slice, 1)).rejects.toMatchObject({ code: 'OVER_QUOTA', facts: { used: 4, quota: 4 } });
    await expect(grow(owner, slice, 2, { reason: '' })).rejects.toMatchObject({ facts: { field: 'reason' } });
  });

  test('chosen ones in countries of their own are a part of their own; wrong input names its field', async () => {
    const { slice, owner, pi, nodes } = await running(3);
    const field = (promise: Promise<unknown>) =>
      promise.then(
        () => 'accepted',
        (err) => err.facts.field,
      );
    expect(await field(grow(owner, slice, 0))).toBe('count');
    expect(await field(grow(owner, slice, 0, { picked: [nodes[0]] }))).toBe('picked');
    expect(await field(grow(owner, slice, 0, { picked: ['urn:publicid:IDN+meridian+node+none'] }))).toBe('picked');
    expect(await field(grow(owner, slice, 1000, { picked: [] }))).toBe('accepted');
    await withdrawSlice(db, owner, slice.id, now);
    await grow(owner, slice, 2, { onlyCountries: ['JP'], picked: [nodes[4]] });
    await expect(grow(owner, slice, 1)).rejects.toMatchObject({ code: 'CONFLICT' });
    await decide(pi, await waiting(slice.id));
    expect((await row(slice.id)).spec).toMatchObject({
      ...{ count: 3, picked: [nodes[4]], more: [{ count: 2, onlyCountries: ['JP'] }] },
    });
  });

  test('two that are approved at once cannot both spend the last of the quota', async () => {
    for (let round = 0; round < 5; round++) {
      const { slice, owner, pi, otherPi, site, nodes } = await running(4, { slivers: 9 });
      const other = await sliceOn(site.id, owner, `${site.loginBase}_b`, nodes.slice(4, 6));
      await grow(owner, slice, 2);
      await grow(owner, other, 2);
      const [one, two] = [await waiting(slice.id), await waiting(other.id)];
      const outcomes = await Promise.allSettled([decide(pi, one), decide(otherPi, two)]);
      expect(refusals(outcomes)).toEqual(['OVER_QUOTA']);
      const held = await db.slice.aggregate({ where: { siteId: site.id }, _sum: { sliverCount: true } });
      expect(held._sum.sliverCount).toBe(8);
    }
  });

  test('two at once, within what was approved: neither is lost, nor goes beyond it', async () => {
    for (let round = 0; round < 5; round++) {
      const { slice, owner } = await running(6);
      await shrink(owner, slice, { by: 4 });
      const outcomes = await Promise.allSettled([grow(owner, slice, 3), grow(owner, slice, 3)]);
      expect(refusals(outcomes)).toEqual([]);
      const after = await row(slice.id);
      expect(after).toMatchObject({ sliverCount: 5, approvedCount: 6, spec: { count: 5 } });
      expect(await waiting(slice.id)).not.toBe('');
    }
  });

  test('an approval races a delete: a slice that goes does not grow, and no request is left waiting', async () => {
    for (let round = 0; round < 5; round++) {
      const { slice, owner, pi } = await running(2);
      await grow(owner, slice, 2);
      const request = await waiting(slice.id);
      const outcomes = await Promise.allSettled([decide(pi, request), deleteSlice(db, owner, slice, now)]);
      expect(refusals(outcomes).filter((code) => code !== 'REQUEST_DECIDED')).toEqual([]);
      const after = await row(slice.id);
      expect(after.state).toBe('deleting');
      expect(after.sliverCount).toBe(outcomes[0].status === 'fulfilled' ? 4 : 2);
      expect(await waiting(slice.id)).toBe('');
      expect(after.slivers.every((v) => v.desired === 'gone')).toBe(true);
    }
  });
});

describe('shrinking', () => {
  test('by number: what is broken goes first, the quota is free at once, and the minimum follows and is said', async () => {
    const { slice, owner, site, nodes } = await running(4, {}, {});
    const before = (await row(slice.id)).slivers;
    await db.sliver.update({ where: { id: before[2]?.id ?? '' }, data: { reported: 'unknown' } });
    await db.heartbeat.updateMany({ where: { node: { urn: nodes[2] ?? '' } }, data: { reachability: 'unreachable' } });
    const answer = await shrink(owner, slice, { by: 3 });
    expect(answer).toMatchObject({ from: 4, to: 1, minimum: { from: 2, to: 1 }, emptyPlaces: 0 });
    expect(answer.givenUp.map((v) => [v.why, v.later])).toEqual([
      ['away', true],
      ['crowded', false],
      ['crowded', false],
    ]);
    expect(answer.givenUp[0]?.id).toBe(before[2]?.id);
    const after = await row(slice.id);
    expect(after).toMatchObject({ sliverCount: 1, minimumCount: 1, approvedCount: 4, spec: { count: 1, minimum: 1 } });
    expect(await jobs(after.slivers.map((v) => v.id))).toEqual(['release', 'release', 'release']);
    const [left] = await listPendingQuota(owner, slice, site.id);
    expect(left).toMatchObject({ used: 1 });
  });

  const listPendingQuota = async (owner: Person, slice: Slice, _: string) => {
    const { quota } = await checkGrowth(db, slice, asks(1), now);
    expect(owner.id).toBe(slice.ownerId);
    return quota?.lines ?? [];
  };

  test('those that are named; never the last one, never one that is not there, and a picked node is not picked again', async () => {
    const { slice, owner, nodes } = await running(3, {}, { count: 2, picked: [] });
    await db.slice.update({
      where: { id: slice.id },
      data: { spec: { ...someSpec(slice.name.split('_')[0] ?? ''), count: 2, picked: [nodes[0] ?? ''] } },
    });
    const ids = (await db.sliver.findMany({ where: { sliceId: slice.id }, include: { node: true } })).sort((a, b) =>
      a.node.urn < b.node.urn ? -1 : 1,
    );
    await expect(shrink(owner, slice, { slivers: ids.map((v) => v.id) })).rejects.toMatchObject({
      facts: { field: 'slivers' },
    });
    await expect(shrink(owner, slice, { by: 3 })).rejects.toMatchObject({ facts: { field: 'by' } });
    await expect(shrink(owner, slice, { slivers: [crypto.randomUUID()] })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    await shrink(owner, slice, { slivers: [ids[0]?.id ?? ''] });
    expect(await row(slice.id)).toMatchObject({ sliverCount: 2, spec: { count: 2, picked: [] } });
    await expect(shrink(owner, slice, { slivers: [ids[0]?.id ?? ''] })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  test('twice at once gives up each place once; beside a renewal both stand', async () => {
    for (let round = 0; round < 5; round++) {
      const { slice, owner, pi } = await running(6);
      await renewSlice(
        db,
        owner,
        slice.id,
        { name: slice.name, termSeconds: 86_400, reason: 'It measures still.' },
        now,
      );
      const request = await waiting(slice.id);
      const outcomes = await Promise.allSettled([
        shrink(owner, slice, { by: 2 }),
        shrink(owner, slice, { by: 2 }),
        decide(pi, request),
      ]);
      expect(refusals(outcomes)).toEqual([]);
      const after = await row(slice.id);
      expect(after).toMatchObject({ sliverCount: 2, spec: { count: 2 } });
      expect(after.slivers.filter((v) => v.desired === 'running')).toHaveLength(2);
      expect((await db.request.findUniqueOrThrow({ where: { id: request } })).endsAt).not.toBeNull();
    }
  });
});

describe('moving', () => {
  test('sets slivers on their way once, and says what is wrong', async () => {
    const { slice, owner, nodes } = await running(3);
    const [one, two] = (await row(slice.id)).slivers;
    const field = (promise: Promise<unknown>) =>
      promise.then(
        () => 'accepted',
        (err) => err.facts.field,
      );
    expect(await field(move(owner, slice, {}))).toBe('slivers');
    expect(await field(move(owner, slice, { slivers: [crypto.randomUUID()] }))).toBe('slivers');
    expect(await field(move(owner, slice, { offNodes: ['urn:publicid:IDN+meridian+node+none'] }))).toBe('offNodes');
    expect(await field(move(owner, slice, { slivers: [one?.id ?? ''], to: nodes[1] ?? '' }))).toBe('to');
    expect(await field(move(owner, slice, { slivers: [one?.id ?? '', two?.id ?? ''], to: nodes[4] ?? '' }))).toBe('to');
    expect(await move(owner, slice, { slivers: [one?.id ?? ''], to: nodes[4] ?? '' })).toMatchObject({ atOnce: 1 });
    expect((await move(owner, slice, { offSites: [slice.name.split('_')[0] ?? ''] })).moves).toHaveLength(2);
    expect((await move(owner, slice, { slivers: [one?.id ?? ''] })).moves).toEqual([]);
    expect(await db.sliverMove.count({ where: { sliceId: slice.id, settledAt: null } })).toBe(3);
  });
});
