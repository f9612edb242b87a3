import { beforeEach, expect, test } from 'vitest';
import { findPerson } from '@/server/data/people';
import { PASSWORD, seedPerson, seedSite } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import type { Person, Role } from '../policy';
import { removeMember } from '../sites/remove-member';
import { setQuota } from '../sites/set-quota';
import { viewSite } from '../sites/view-site';
import { acceptInvite } from './accept-invite';
import { createInvite } from './create-invite';
import { previewInvite } from './preview-invite';
import { revokeInvite } from './revoke-invite';

const { db, url } = await testPrisma();
process.env.DATABASE_URL = url;
process.env.BETTER_AUTH_SECRET ??= 'x'.repeat(32);
const now = new Date('2026-03-01T12:00:00Z');
let count = 0;
let site: { id: string; loginBase: string };
let pi: Person;
let operator: Person;

beforeEach(async () => {
  site = await seedSite(db, `uni${++count}`);
  pi = await seedPerson(db, { roles: [[site.id, 'pi']] });
  operator = await seedPerson(db, { operator: true });
});

const email = () => `Guest${++count}@Example.org`;
async function invite(by: Person, to: string, role: Role = 'researcher') {
  const answer = await createInvite(db, by, { loginBase: site.loginBase, email: to, role, operator: false }, now);
  return { ...answer, token: answer.link.split('/').at(-1) ?? '' };
}
const accept = (token: string, as: Person | null = null) =>
  acceptInvite(db, as, { token, name: 'Guest', password: PASSWORD }, now);

test('a guest becomes a person of the site, once; only the token’s hash is stored', async () => {
  const to = email();
  const { token, link } = await invite(pi, to);
  expect(link).toMatch(/^http:\/\/localhost:3000\/invite\/[\w-]{43}$/);
  expect(JSON.stringify(await db.invite.findMany())).not.toContain(token);
  expect(await previewInvite(db, token, now)).toMatchObject({
    email: to.toLowerCase(),
    role: 'researcher',
    existingAccount: false,
  });
  const outcomes = await Promise.allSettled([accept(token), accept(token), accept(token)]);
  expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(1);
  const user = await db.user.findUniqueOrThrow({ where: { email: to.toLowerCase() } });
  expect(user.urn).toMatch(/^urn:publicid:IDN\+meridian\+user\+guest\d+$/);
  expect((await findPerson(db, user.id))?.memberships).toEqual([
    { siteId: site.id, loginBase: site.loginBase, role: 'researcher' },
  ]);
  await expect(accept(token)).rejects.toMatchObject({ code: 'INVITE_INVALID' });
});

test('an existing account must be signed in as itself: the link alone gives no power over it', async () => {
  const there = await seedPerson(db);
  const other = await seedPerson(db);
  const { token } = await invite(pi, there.email, 'tech');
  await expect(accept(token)).rejects.toMatchObject({ code: 'NOT_SIGNED_IN' });
  await expect(accept(token, other)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  await acceptInvite(db, there, { token }, now);
  expect((await findPerson(db, there.id))?.memberships).toEqual([expect.objectContaining({ role: 'tech' })]);
  const account = await db.account.findFirstOrThrow({ where: { userId: there.id } });
  expect(account.password).toBe((await db.account.findFirstOrThrow({ where: { userId: other.id } })).password);
});

test('expired, revoked and replaced links are all the same: invalid', async () => {
  const late = new Date(now.getTime() + 7 * 86_400_000);
  const first = await invite(pi, email());
  await expect(previewInvite(db, first.token, late)).rejects.toMatchObject({ code: 'INVITE_INVALID' });
  await revokeInvite(db, pi, first.id, now);
  await expect(accept(first.token)).rejects.toMatchObject({ code: 'INVITE_INVALID' });
  const to = email();
  const older = await invite(pi, to);
  const newer = await invite(pi, to);
  await expect(accept(older.token)).rejects.toMatchObject({ code: 'INVITE_INVALID' });
  await accept(newer.token);
});

test('a PI invites to the own site only, and no operators', async () => {
  const other = await seedSite(db, `other${count}`);
  const to = { email: email(), role: 'pi' as const, operator: false };
  await expect(createInvite(db, pi, { ...to, loginBase: other.loginBase }, now)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  await expect(createInvite(db, pi, { ...to, loginBase: site.loginBase, operator: true }, now)).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
  });
  await expect(createInvite(db, pi, { ...to, loginBase: null, role: null, operator: true }, now)).rejects.toMatchObject(
    { code: 'NOT_ALLOWED' },
  );
  const answer = await createInvite(
    db,
    operator,
    { email: to.email, loginBase: null, role: null, operator: true },
    now,
  );
  await accept(answer.link.split('/').at(-1) ?? '');
  expect(await db.user.findUniqueOrThrow({ where: { email: to.email.toLowerCase() } })).toMatchObject({
    operator: true,
  });
});

test('a short password is refused by its field, and the invite is still good', async () => {
  const { token } = await invite(pi, email());
  const short = acceptInvite(db, null, { token, name: 'G', password: 'elevenchars' }, now);
  await expect(short).rejects.toMatchObject({ code: 'INVALID_INPUT', facts: { field: 'password' } });
  await accept(token);
});

test('two people of one local part get different URNs, also at once', async () => {
  const links = await Promise.all(
    ['twin@a.example', 'twin@b.example', 'twin@c.example'].map((to) => invite(operator, to)),
  );
  await Promise.all(links.map(({ token }) => accept(token)));
  const rows = await db.user.findMany({ where: { email: { startsWith: 'twin@' } } });
  expect(new Set(rows.map((row) => row.urn?.split('+').at(-1)))).toEqual(new Set(['twin', 'twin-2', 'twin-3']));
});

test('a site keeps a PI unless an operator says otherwise', async () => {
  const second = await seedPerson(db, { roles: [[site.id, 'pi']] });
  const drop = (by: Person, who: Person) => removeMember(db, by, site.id, { userId: who.id, role: 'pi' }, now);
  const outcomes = await Promise.allSettled([drop(pi, second), drop(second, pi)]);
  expect(outcomes.map((o) => o.status).sort()).toEqual(['fulfilled', 'rejected']);
  const [last] = await db.membership.findMany({ where: { siteId: site.id, role: 'pi' } });
  await removeMember(db, operator, site.id, { userId: last?.userId ?? '', role: 'pi' }, now);
  expect(await db.membership.count({ where: { siteId: site.id } })).toBe(0);
});

test('a PI lowers the quota and cannot raise it; an operator does both', async () => {
  const quota = {
    slivers: 100,
    cpuMilli: 100_000,
    memoryMiB: 100_000,
    diskMiB: 1_000_000,
    networkKbps: 1_000_000,
    maxTermSeconds: 86_400,
  };
  const set = (by: Person, change: Partial<typeof quota>) =>
    setQuota(db, by, site.id, { loginBase: site.loginBase, ...quota, ...change }, now);
  expect((await set(pi, { slivers: 50 })).quota?.lines[0]?.limit).toBe(50);
  await expect(set(pi, { slivers: 51 })).rejects.toMatchObject({
    code: 'NOT_ALLOWED',
    facts: { permission: 'site.quota.raise' },
  });
  await expect(set(pi, { slivers: 10, maxTermSeconds: 86_401 })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect((await set(operator, { slivers: 500 })).quota?.lines[0]?.limit).toBe(500);
  expect(await db.auditEvent.count({ where: { action: 'site.quota', siteId: site.id } })).toBe(2);
});

test('only who may invite sees who is invited', async () => {
  const researcher = await seedPerson(db, { roles: [[site.id, 'researcher']] });
  await invite(pi, email());
  expect((await viewSite(db, pi, site.id, now)).invites).toHaveLength(1);
  expect((await viewSite(db, researcher, site.id, now)).invites).toEqual([]);
});

test('of invitations made at the same moment, one link works', async () => {
  const to = email();
  await Promise.all(Array.from({ length: 6 }, () => invite(pi, to)));
  expect((await viewSite(db, pi, site.id, now)).invites).toHaveLength(1);
});

test('a site that came without a quota shows one of nothing, which an operator raises', async () => {
  const bare = await seedSite(db, `bare${++count}`, null);
  const before = await viewSite(db, operator, bare.id, now);
  expect(before.may.quota).toBe(true);
  expect(before.quota).toMatchObject({ maxTermSeconds: 0 });
  const amounts = {
    slivers: 5,
    cpuMilli: 1000,
    memoryMiB: 1000,
    diskMiB: 1000,
    networkKbps: 1000,
    maxTermSeconds: 86_400,
  };
  const after = await setQuota(db, operator, bare.id, { loginBase: bare.loginBase, ...amounts }, now);
  expect(after.quota?.lines.find((line) => line.measure === 'slivers')).toMatchObject({ used: 0, limit: 5 });
});
