import { beforeAll, expect, test } from 'vitest';
import { seedPerson, seedQueue, seedSite, someSpec } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { listNotifications } from '../notifications';
import type { Person } from '../policy';
import { requestSlice } from '../requests/request-slice';
import { withdrawSlice } from '../requests/withdraw-slice';
import { decideRequest } from './decide-request';
import { listPending } from './list-pending';

const { db, pool, url } = await testPrisma();
const now = new Date('2026-03-01T12:00:00Z');
let count = 0;

beforeAll(() => seedQueue(url));

async function world(quota = {}) {
  const site = await seedSite(db, `site${++count}`, quota);
  const pi = await seedPerson(db, { roles: [[site.id, 'pi']] });
  const otherPi = await seedPerson(db, { roles: [[site.id, 'pi']] });
  const researcher = await seedPerson(db, { roles: [[site.id, 'researcher']] });
  return { site, pi, otherPi, researcher };
}

async function ask(person: Person, loginBase: string, change = {}) {
  const { name } = await requestSlice(db, person, someSpec(loginBase, change), now);
  const slice = await db.slice.findFirstOrThrow({ where: { name }, include: { requests: true } });
  const requestId = slice.requests[0]?.id ?? '';
  return { name, sliceId: slice.id, requestId };
}

const decide = (by: Person, requestId: string, outcome: 'approved' | 'rejected' = 'approved', comment = '') =>
  decideRequest(db, by, { requestId, outcome, comment }, now);

const jobs = async (sliceId: string) =>
  (
    await pool.query('select key, payload from graphile_worker._private_jobs where payload->>$$sliceId$$ = $1', [
      sliceId,
    ])
  ).rows;

test('an approval begins the term, adds the job, tells the asker and keeps what the quota was', async () => {
  const { site, pi, researcher } = await world();
  const { name, sliceId, requestId } = await ask(researcher, site.loginBase);
  const [seen] = await listPending(db, pi);
  expect(seen?.quota.lines[0]).toEqual({ measure: 'slivers', used: 0, wants: 4, limit: 100 });

  expect(await decide(pi, requestId)).toEqual({ name, state: 'approved' });

  const slice = await db.slice.findUniqueOrThrow({ where: { id: sliceId } });
  expect(slice).toMatchObject({ state: 'approved', startsAt: now, approvedAt: now });
  expect(slice.endsAt).toEqual(new Date('2026-03-15T12:00:00Z'));
  expect(await jobs(sliceId)).toEqual([{ key: `deploy:${sliceId}`, payload: { sliceId } }]);
  const [news] = await listNotifications(db, researcher.id);
  expect(news).toMatchObject({ kind: 'request-decided', facts: { slice: name, outcome: 'approved' } });
  const decision = await db.decision.findUniqueOrThrow({ where: { requestId } });
  expect(decision.quota).toMatchObject({ used: { slivers: 0 }, wants: { slivers: 4 }, limit: { slivers: 100 } });
  expect(await db.auditEvent.count({ where: { objectId: name, action: 'request.approved' } })).toBe(1);
  expect(await listPending(db, pi)).toEqual([]);
});

test('two PIs at once cannot both spend the last of the quota', async () => {
  // Six rounds: without the lock nearly every one of them oversells.
  for (let round = 0; round < 6; round++) {
    const { site, pi, otherPi, researcher } = await world({ slivers: 6 });
    const first = await ask(researcher, site.loginBase);
    const second = await ask(researcher, site.loginBase);
    const outcomes = await Promise.allSettled([decide(pi, first.requestId), decide(otherPi, second.requestId)]);
    const refused = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason] : []));
    expect(refused).toEqual([expect.objectContaining({ code: 'OVER_QUOTA' })]);
    expect(refused[0].facts).toEqual({ resource: 'slivers', wants: 4, used: 4, quota: 6 });
    expect(await db.slice.count({ where: { siteId: site.id, state: 'approved' } })).toBe(1);
  }
});

test('two PIs deciding the same request: one decides, the other learns how', async () => {
  const { site, pi, otherPi, researcher } = await world();
  const { sliceId, requestId } = await ask(researcher, site.loginBase);
  const outcomes = await Promise.allSettled([
    decide(pi, requestId),
    decide(otherPi, requestId, 'rejected', 'Not now.'),
  ]);
  const refused = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason] : []));
  expect(refused).toEqual([expect.objectContaining({ code: 'REQUEST_DECIDED' })]);
  expect(await db.decision.count({ where: { requestId } })).toBe(1);
  const { state } = await db.slice.findUniqueOrThrow({ where: { id: sliceId } });
  expect(await jobs(sliceId)).toHaveLength(state === 'approved' ? 1 : 0);
});

test('deciding races withdrawing: one of them wins, and the slice agrees', async () => {
  for (let round = 0; round < 6; round++) {
    const { site, pi, researcher } = await world();
    const { sliceId, requestId } = await ask(researcher, site.loginBase);
    const outcomes = await Promise.allSettled([decide(pi, requestId), withdrawSlice(db, researcher, sliceId, now)]);
    expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(1);
    const slice = await db.slice.findUniqueOrThrow({ where: { id: sliceId }, include: { requests: true } });
    expect(slice.state).toBe(slice.requests[0]?.state);
  }
});

test('nobody decides their own request, whatever else they are', async () => {
  const { site, pi } = await world();
  const everything = await seedPerson(db, { operator: true, roles: [[site.id, 'pi']] });
  const mine = await ask(everything, site.loginBase);
  await expect(decide(everything, mine.requestId)).rejects.toMatchObject({ code: 'OWN_REQUEST' });
  const pis = await ask(pi, site.loginBase);
  await expect(decide(pi, pis.requestId)).rejects.toMatchObject({ code: 'OWN_REQUEST' });
  const mayDecide = Object.fromEntries((await listPending(db, pi)).map((r) => [r.slice.name, r.mayDecide]));
  expect(mayDecide).toEqual({ [mine.name]: true, [pis.name]: false });
  expect(await decide(everything, pis.requestId)).toMatchObject({ state: 'approved' });
});

test('a PI of another site cannot decide', async () => {
  const { site, researcher } = await world();
  const elsewhere = await world();
  const { requestId } = await ask(researcher, site.loginBase);
  await expect(decide(elsewhere.pi, requestId)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
});

test('a rejection says why, and the name is free again', async () => {
  const { site, pi, researcher } = await world();
  const { name, sliceId, requestId } = await ask(researcher, site.loginBase, { shortName: 'again' });
  await expect(decide(pi, requestId, 'rejected')).rejects.toMatchObject({ facts: { field: 'comment' } });
  expect(await decide(pi, requestId, 'rejected', 'Ask for fewer nodes.')).toEqual({ name, state: 'rejected' });
  expect(await jobs(sliceId)).toEqual([]);
  expect(await ask(researcher, site.loginBase, { shortName: 'again' })).toMatchObject({ name });
});

test('an over-quota approval leaves everything as it was', async () => {
  const { site, pi, researcher } = await world({ memoryMiB: 511 });
  const { sliceId, requestId } = await ask(researcher, site.loginBase);
  expect((await listPending(db, pi))[0]?.overQuota).toMatchObject({ code: 'OVER_QUOTA' });
  await expect(decide(pi, requestId)).rejects.toMatchObject({
    code: 'OVER_QUOTA',
    facts: { resource: 'memoryMiB', wants: 512, used: 0, quota: 511 },
  });
  expect(await db.request.findUniqueOrThrow({ where: { id: requestId } })).toMatchObject({ state: 'pending' });
  expect(await db.slice.findUniqueOrThrow({ where: { id: sliceId } })).toMatchObject({
    state: 'requested',
    startsAt: null,
  });
  expect(await jobs(sliceId)).toEqual([]);
});

test('a site without a quota is granted nothing', async () => {
  const site = await seedSite(db, `site${++count}`, null);
  const [pi, researcher] = await Promise.all([
    seedPerson(db, { roles: [[site.id, 'pi']] }),
    seedPerson(db, { roles: [[site.id, 'researcher']] }),
  ]);
  const { requestId } = await ask(researcher, site.loginBase);
  await expect(decide(pi, requestId)).rejects.toMatchObject({ code: 'OVER_QUOTA' });
});
