import pg from 'pg';
import { expect, test } from 'vitest';
import { PASSWORD, seedPerson } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { createAuth } from './auth';
import { parseEnvironment, WebEnvironment } from './env';
import { programLog } from './log';
import { SIGN_IN_LIMITS } from './services/people/sign-in-limits';
import { contextOf } from './trpc/request-context';

const { db, url } = await testPrisma();
const ORIGIN = 'http://localhost:3000';
const environmentOf = (origin: string) =>
  parseEnvironment(WebEnvironment, { DATABASE_URL: url, MERIDIAN_URL: origin, BETTER_AUTH_SECRET: 's'.repeat(32) });
const auth = createAuth(db, environmentOf(ORIGIN));

let address = 0;
/** An address that no other attempt came from. */
const fresh = () => `203.0.113.${++address}`;

function post(path: string, body: unknown, headers: Record<string, string> = {}, origin = ORIGIN, by = auth) {
  return by.handler(
    new Request(`${origin}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, 'x-forwarded-for': fresh(), ...headers },
      body: JSON.stringify(body),
    }),
  );
}

const signIn = (email: string, password: string, from = fresh()) =>
  post('/sign-in/email', { email, password }, { 'x-forwarded-for': from });

const cookieOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');

const session = async (cookie: string) =>
  (await auth.api.getSession({ headers: new Headers({ cookie }) }))?.user.email ?? null;

test('the right password opens a session; its cookie is for http only, and for this site', async () => {
  const { email } = await seedPerson(db);
  const response = await signIn(email.toUpperCase(), PASSWORD);
  expect(response.status).toBe(200);
  expect(await session(cookieOf(response))).toBe(email);
  expect(response.headers.getSetCookie()[0]).toMatch(/HttpOnly; SameSite=Lax/);
});

test('behind https, cookies are secure', async () => {
  const { email } = await seedPerson(db);
  const origin = 'https://meridian.example.org';
  const response = await post(
    '/sign-in/email',
    { email, password: PASSWORD },
    {},
    origin,
    createAuth(db, environmentOf(origin)),
  );
  expect(response.status).toBe(200);
  expect(response.headers.getSetCookie()[0]).toMatch(/^__Secure-.*; Secure/);
});

test('a wrong password and an unknown address look the same', async () => {
  const { email } = await seedPerson(db);
  const [wrong, unknown] = await Promise.all([
    signIn(email, 'not the password'),
    signIn('nobody@example.org', 'not the password'),
  ]);
  expect([wrong.status, await wrong.json()]).toEqual([unknown.status, await unknown.json()]);
  expect(wrong.status).toBe(401);
});

test('nobody signs up, renames themselves or signs in from elsewhere', async () => {
  const { email } = await seedPerson(db);
  const account = { email: 'new@example.org', name: 'New', password: PASSWORD };
  expect((await post('/sign-up/email', account)).status).toBe(404);
  expect((await post('/update-user', { name: 'Other' })).status).toBe(404);
  expect(await db.user.count({ where: { email: account.email } })).toBe(0);
  const body = { email, password: PASSWORD };
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
  expect((await post('/sign-in/email', body, { ...foreign, cookie: 'a=b' })).status).toBe(403);
});

test('guesses at one account are slowed, from whatever addresses', async () => {
  const { email } = await seedPerson(db);
  const guesses = await Promise.all(
    Array.from({ length: SIGN_IN_LIMITS.perAccount + 5 }, () => signIn(email, 'not the password')),
  );
  const statuses = guesses.map((g) => g.status).sort();
  expect(statuses.filter((s) => s === 401)).toHaveLength(SIGN_IN_LIMITS.perAccount);
  expect(statuses.filter((s) => s === 429)).toHaveLength(5);
  // Even the right password waits, or guessing would go on.
  const right = await signIn(email, PASSWORD);
  expect(right.status).toBe(429);
  const body = await right.json();
  expect(body).toMatchObject({ code: 'RATE_LIMITED' });
  expect(body.retryAfterSeconds).toBeGreaterThan(SIGN_IN_LIMITS.windowSeconds - 60);
  expect(Number(right.headers.get('retry-after'))).toBe(body.retryAfterSeconds);
});

test('guesses from one address are slowed, at whatever accounts; who gets in gives the attempt back', async () => {
  const from = fresh();
  const { email } = await seedPerson(db);
  for (let i = 0; i < 3; i++) expect((await signIn(email, PASSWORD, from)).status).toBe(200);
  const guesses = Array.from({ length: SIGN_IN_LIMITS.perAddress }, (_, i) =>
    signIn(`nobody${i}@example.org`, 'not the password', from),
  );
  expect(new Set((await Promise.all(guesses)).map((g) => g.status))).toEqual(new Set([401]));
  expect((await signIn(email, PASSWORD, from)).status).toBe(429);
  expect((await signIn(email, PASSWORD)).status).toBe(200);
});

test('the right password starts the account’s count afresh', async () => {
  const { email } = await seedPerson(db);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < SIGN_IN_LIMITS.perAccount - 1; i++)
      expect((await signIn(email, 'not the password')).status).toBe(401);
    expect((await signIn(email, PASSWORD)).status).toBe(200);
  }
});

test('a disabled account does not get in, and learns why only with the right password', async () => {
  const { id, email } = await seedPerson(db);
  const before = cookieOf(await signIn(email, PASSWORD));
  await db.user.update({ where: { id }, data: { disabledAt: new Date() } });
  expect((await signIn(email, 'not the password')).status).toBe(401);
  const refused = await signIn(email, PASSWORD);
  expect([refused.status, (await refused.json()).code]).toEqual([403, 'ACCOUNT_DISABLED']);
  expect(refused.headers.getSetCookie().join()).not.toMatch(/session_token=[^;]/);
  expect(before).not.toBe('');
});

test('a new password ends every other session, asked for or not', async () => {
  const { id, email } = await seedPerson(db);
  const here = cookieOf(await signIn(email, PASSWORD));
  const there = cookieOf(await signIn(email, PASSWORD));
  const body = { currentPassword: PASSWORD, newPassword: 'another battery staple', revokeOtherSessions: false };
  const wrong = await post('/change-password', { ...body, currentPassword: 'not the password' }, { cookie: here });
  expect(wrong.status).toBe(400);
  const short = await post('/change-password', { ...body, newPassword: 'elevenchars' }, { cookie: here });
  expect(short.status).toBe(400);
  const changed = await post('/change-password', body, { cookie: here });
  expect(changed.status).toBe(200);
  expect(await session(there)).toBeNull();
  expect(await session(here)).toBeNull(); // replaced by the cookie that came with the answer
  expect(await session(cookieOf(changed))).toBe(email);
  expect((await signIn(email, PASSWORD)).status).toBe(401);
  expect((await signIn(email, 'another battery staple')).status).toBe(200);
  expect(await db.auditEvent.count({ where: { actorId: id, action: 'account.password' } })).toBe(1);
});

test('signing out ends the session on the server too, and those who listen for the person hear of it', async () => {
  const { id, email } = await seedPerson(db);
  const cookie = cookieOf(await signIn(email, PASSWORD));
  const call = () => contextOf(db, auth, new Headers({ cookie }), programLog('test'));
  const { context } = await call();
  expect((await context.again())?.id).toBe(id);
  const heard: string[] = [];
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  client.on('notification', ({ payload }) => heard.push(payload ?? ''));
  await client.query('LISTEN meridian');
  expect((await post('/sign-out', {}, { cookie })).status).toBe(200);
  expect(await session(cookie)).toBeNull();
  expect(await context.again()).toBeNull();
  await expect.poll(() => heard).toContain(JSON.stringify({ k: 'user', id }));
  await client.end();
});
