import { beforeAll, beforeEach, expect, test } from 'vitest';
import type { SliceSpec } from '@/protocol/api/slice';
import { seedNodes, seedPerson, seedQueue, seedSite, someSpec } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { decideRequest } from '../approvals/decide-request';
import { listNotifications } from '../notifications';
import type { Person } from '../policy';
import { checkSpec } from './check-spec';
import { renewSlice } from './renew-slice';
import { requestSlice } from './request-slice';
import { withdrawSlice } from './withdraw-slice';

const { db, url } = await testPrisma();
const now = new Date('2026-03-01T12:00:00Z');
let count = 0;
let site: { id: string; loginBase: string };
let pi: Person;
let researcher: Person;

beforeAll(() => seedQueue(url));
beforeEach(async () => {
  site = await seedSite(db, `lab${++count}`);
  pi = await seedPerson(db, { roles: [[site.id, 'pi']] });
  researcher = await seedPerson(db, { roles: [[site.id, 'researcher']] });
});

const spec = (change: Partial<SliceSpec> = {}) => someSpec(site.loginBase, change);
const ask = (change: Partial<SliceSpec> = {}) => requestSlice(db, researcher, spec(change), now);
const sliceOf = (name: string) =>
  db.slice.findFirstOrThrow({ where: { name }, include: { members: true, requests: true } });

test('a request makes a slice in state requested, owned by the asker, and tells the PIs', async () => {
  const { name } = await ask({ shortName: 'paths', reason: 'To measure paths.' });
  expect(name).toBe(`${site.loginBase}_paths`);
  const slice = await sliceOf(name);
  expect(slice).toMatchObject({
    state: 'requested',
    urn: `urn:publicid:IDN+meridian:${site.loginBase}+slice+${name}`,
    ownerId: researcher.id,
    sliverCount: 4,
    minimumCount: 2,
    startsAt: null,
  });
  expect(slice.members.map((m) => m.userId)).toEqual([researcher.id]);
  expect(slice.requests).toEqual([
    expect.objectContaining({ kind: 'create', state: 'pending', reason: 'To measure paths.' }),
  ]);
  expect((await listNotifications(db, pi.id))[0]).toMatchObject({ kind: 'request-pending', href: '/approvals' });
  expect(await listNotifications(db, researcher.id)).toEqual([]);
  expect(await db.auditEvent.count({ where: { action: 'slice.request', objectId: name } })).toBe(1);
});

test('a PI who asks is told nothing; without another PI the operators are', async () => {
  const operator = await seedPerson(db, { operator: true });
  await requestSlice(db, pi, spec(), now);
  expect(await listNotifications(db, pi.id)).toEqual([]);
  expect(await listNotifications(db, operator.id)).toHaveLength(1);
});

test('of ten who ask for the same name at once, one gets it', async () => {
  const asked = await Promise.allSettled(Array.from({ length: 10 }, () => ask({ shortName: 'same' })));
  expect(asked.filter((a) => a.status === 'fulfilled')).toHaveLength(1);
  for (const a of asked) if (a.status === 'rejected') expect(a.reason).toMatchObject({ code: 'NAME_TAKEN' });
  expect(await db.request.count({ where: { requestedById: researcher.id } })).toBe(1);
});

test('a withdrawn name is free again; what is withdrawn is not withdrawn twice', async () => {
  const { name } = await ask({ shortName: 'free' });
  const { id } = await sliceOf(name);
  await withdrawSlice(db, researcher, id, now);
  expect(await db.slice.findUniqueOrThrow({ where: { id } })).toMatchObject({ state: 'withdrawn' });
  await expect(withdrawSlice(db, researcher, id, now)).rejects.toMatchObject({ code: 'WRONG_STATE' });
  expect(await ask({ shortName: 'free' })).toEqual({ name });
});

test.each<[string, Partial<SliceSpec>, string, object]>([
  ['too long a name', { shortName: 'x'.repeat(30) }, 'INVALID_INPUT', { field: 'shortName' }],
  ['no node at all', { count: 0, minimum: 1 }, 'INVALID_INPUT', { field: 'count' }],
  ['a minimum above the whole', { count: 3, minimum: 4 }, 'INVALID_INPUT', { field: 'minimum' }],
  ['more countries than nodes', { count: 3, minimum: 1, minCountries: 4 }, 'INVALID_INPUT', { field: 'minCountries' }],
  [
    'more countries than allowed ones',
    { onlyCountries: ['FR', 'DE'], minCountries: 3 },
    'INVALID_INPUT',
    { field: 'minCountries' },
  ],
  [
    'a node nobody knows',
    { picked: ['urn:publicid:IDN+meridian+node+none'] },
    'NOT_FOUND',
    { field: 'picked', kind: 'node' },
  ],
  [
    'a term above the site’s',
    { termSeconds: 31 * 86_400 },
    'TERM_TOO_LONG',
    { askedSeconds: 31 * 86_400, maxSeconds: 30 * 86_400 },
  ],
  [
    'another profile',
    { resources: { ...someSpec('x').resources, profile: 'root' } },
    'PROFILE_UNKNOWN',
    { profile: 'root' },
  ],
])('refuses %s, naming the field, and leaves nothing behind', async (_, change, code, facts) => {
  const refused = await ask(change).catch((err: unknown) => err);
  expect(refused).toMatchObject({ code, facts });
  expect(await db.slice.count({ where: { siteId: site.id } })).toBe(0);
  const checked = await checkSpec(db, researcher, spec(change), now);
  expect(checked.ok).toBe(false);
  expect(checked.problems[0]?.reason.code).toBe(code);
});

test('over quota and too few nodes are said, but may change before the PI decides', async () => {
  const checked = await checkSpec(db, researcher, spec({ count: 101, minCountries: 2 }), now);
  expect(checked.ok).toBe(true);
  expect(checked.problems.map((p) => [p.field, p.reason.code])).toEqual([
    ['count', 'NOT_ENOUGH_NODES'],
    ['minCountries', 'NOT_ENOUGH_COUNTRIES'],
    ['quota', 'OVER_QUOTA'],
  ]);
  expect(checked.quota?.lines[0]).toEqual({ measure: 'slivers', used: 0, wants: 101, limit: 100 });
  expect(await ask({ count: 101 })).toHaveProperty('name');
});

test('counts the nodes that match now', async () => {
  const prefix = `m${count}`;
  await seedNodes(db, site.id, 5, now, { country: 'JP', prefix: `${prefix}jp` });
  const other = await seedSite(db, `far${count}`);
  await seedNodes(db, other.id, 3, now, { country: 'BR', prefix: `${prefix}br` });
  await seedNodes(db, other.id, 2, now, { country: 'BR', prefix: `${prefix}small`, freeMemoryMiB: 64 });
  const [gone] = await seedNodes(db, other.id, 1, now, { country: 'NZ', prefix: `${prefix}nz` });
  await db.heartbeat.updateMany({
    where: { node: { urn: gone ?? '' } },
    data: { at: new Date(now.getTime() - 120_000) },
  });
  const match = async (change: Partial<SliceSpec>) => {
    const { matching, matchingCountries } = await checkSpec(
      db,
      researcher,
      spec({ onlyCountries: ['JP', 'BR', 'NZ'], ...change }),
      now,
    );
    return [matching, matchingCountries];
  };
  expect(await match({})).toEqual([8, 2]);
  expect(await match({ maxPerSite: 2 })).toEqual([4, 2]);
  expect(await match({ onlyCountries: ['BR'] })).toEqual([3, 1]);
  await db.node.updateMany({ where: { urn: { contains: `${prefix}jp` } }, data: { adminSwitch: 'draining' } });
  expect(await match({})).toEqual([3, 1]);
});

test('a tech, an operator and another site’s people ask for nothing here', async () => {
  const tech = await seedPerson(db, { roles: [[site.id, 'tech']] });
  const operator = await seedPerson(db, { operator: true });
  const stranger = await seedPerson(db);
  await expect(requestSlice(db, tech, spec(), now)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  await expect(requestSlice(db, operator, spec(), now)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  await expect(requestSlice(db, stranger, spec(), now)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});

test('a renewal is asked for once, decided by the PI, and done by the worker', async () => {
  const { name } = await ask();
  const { id, requests } = await sliceOf(name);
  const renew = (termSeconds = 7 * 86_400) =>
    renewSlice(db, researcher, id, { name, termSeconds, reason: 'It measures still.' }, now);
  await expect(renew()).rejects.toMatchObject({ code: 'WRONG_STATE' });
  await decideRequest(db, pi, { requestId: requests[0]?.id ?? '', outcome: 'approved', comment: '' }, now);
  await db.slice.update({ where: { id }, data: { state: 'active' } });
  // The first term ends in 14 days; the quota allows 30 days ahead, and nodes promise 28.
  await expect(renew(14 * 86_400 + 1)).rejects.toMatchObject({
    code: 'TERM_TOO_LONG',
    facts: { askedSeconds: 28 * 86_400 + 1, maxSeconds: 28 * 86_400 },
  });
  await renew();
  await expect(renew()).rejects.toMatchObject({ code: 'CONFLICT' });
  const request = await db.request.findFirstOrThrow({ where: { sliceId: id, state: 'pending' } });
  expect(await decideRequest(db, pi, { requestId: request.id, outcome: 'approved', comment: '' }, now)).toEqual({
    name,
    state: 'active',
  });
  const jobs =
    await db.$queryRaw`SELECT payload FROM graphile_worker._private_jobs WHERE payload->>'requestId' = ${request.id}`;
  expect(jobs).toEqual([{ payload: { sliceId: id, requestId: request.id } }]);
  const { endsAt } = await db.request.findUniqueOrThrow({ where: { id: request.id } });
  expect(endsAt).toEqual(new Date(now.getTime() + 21 * 86_400_000)); // fixed, whatever happens to the slice's own end
  await db.membership.deleteMany({ where: { userId: researcher.id } });
  await expect(
    renewSlice(
      db,
      { ...researcher, memberships: [] },
      id,
      { name, termSeconds: 86_400, reason: 'Once more, please.' },
      now,
    ),
  ).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
  });
});

test('a renewal that is withdrawn leaves the slice running', async () => {
  const { name } = await ask();
  const { id } = await sliceOf(name);
  await db.request.updateMany({ where: { sliceId: id }, data: { state: 'approved' } });
  await db.slice.update({ where: { id }, data: { state: 'active', endsAt: new Date(now.getTime() + 86_400_000) } });
  await renewSlice(db, researcher, id, { name, termSeconds: 86_400, reason: 'It measures still.' }, now);
  await withdrawSlice(db, researcher, id, now);
  expect(await db.slice.findUniqueOrThrow({ where: { id } })).toMatchObject({ state: 'active' });
});

test('judges hundreds of picked nodes beside those to choose', { timeout: 60_000 }, async () => {
  const picked = await seedNodes(db, site.id, 300, now, { country: 'SE', prefix: `k${count}` });
  const other = await seedSite(db, `more${count}`);
  await seedNodes(db, other.id, 20, now, { country: 'SE', prefix: `o${count}` });
  const asked = spec({ picked, count: 30, minimum: 1, onlyCountries: ['SE'] });
  const checked = await checkSpec(db, researcher, asked, now);
  expect(checked).toMatchObject({ ok: true, matching: 320, matchingCountries: 1 });
  const reason = { code: 'NOT_ENOUGH_NODES', facts: { wants: 330, matching: 320 } };
  expect(checked.problems).toContainEqual({ field: 'count', reason });
});
