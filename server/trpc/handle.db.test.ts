import superjson from 'superjson';
import { beforeAll, describe, expect, test } from 'vitest';
import { processAuth } from '@/server/auth';
import { handleAuth } from '@/server/handle-auth';
import type { Person } from '@/server/services/policy';
import { readiness } from '@/server/services/readiness';
import { createToken } from '@/server/services/tokens/create-token';
import { revokeToken } from '@/server/services/tokens/revoke-token';
import { PASSWORD, seedPerson } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { handleTrpc } from './handle';

const { db, url } = await testPrisma();
const ORIGIN = 'http://localhost:3000';
process.env.DATABASE_URL = url;
process.env.BETTER_AUTH_SECRET = 'x'.repeat(32);
process.env.MERIDIAN_LOG_LEVEL = 'silent';

let person: Person;
let cookie: string;

beforeAll(async () => {
  person = await seedPerson(db);
  const response = await handleAuth(
    new Request(`${ORIGIN}/api/auth/sign-in/email`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: ORIGIN },
      body: JSON.stringify({ email: person.email, password: PASSWORD }),
    }),
  );
  cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
});

type Answer = { status: number; headers: Headers; data: unknown; refusal: unknown; text: string };

async function call(path: string, init: RequestInit & { input?: unknown } = {}): Promise<Answer> {
  const { input, ...rest } = init;
  const body = input === undefined ? {} : { body: JSON.stringify(superjson.serialize(input)) };
  const response = await handleTrpc(new Request(`${ORIGIN}/api/trpc/${path}`, { ...body, ...rest }));
  const text = await response.text();
  const json = JSON.parse(text);
  const refusal = json.error && (superjson.deserialize(json.error) as { data: { refusal: unknown } }).data.refusal;
  return { status: response.status, headers: response.headers, data: json.result?.data?.json, refusal, text };
}
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const json = { 'content-type': 'application/json' };
const token = (days = 1, now = new Date()) => createToken(db, person, { name: 'cli', days }, now);

describe('who calls', () => {
  test('nobody, by cookie, by token', async () => {
    expect(await call('me.get')).toMatchObject({ status: 401, refusal: { code: 'NOT_SIGNED_IN' } });
    expect((await call('me.get', { headers: { cookie } })).data).toMatchObject({ person: { email: person.email } });
    expect((await call('me.get', bearer((await token()).token))).data).toMatchObject({
      person: { email: person.email },
    });
  });

  test('a token that does not hold is nobody, not the cookie’s person', async () => {
    const headers = { cookie, authorization: 'Bearer mrd_wrong' };
    expect((await call('me.get', { headers })).status).toBe(401);
    expect((await call('me.get', { headers: { cookie, authorization: 'Basic eDp5' } })).status).toBe(401);
  });

  test('revoked and expired tokens are nobody; use is noted; only hashes are stored', async () => {
    const live = await token();
    expect((await call('me.get', bearer(live.token))).status).toBe(200);
    expect((await db.apiKey.findUniqueOrThrow({ where: { id: live.id } })).lastUsedAt).not.toBeNull();
    await revokeToken(db, person, live.id, new Date());
    expect((await call('me.get', bearer(live.token))).status).toBe(401);
    const old = await token(1, new Date(Date.now() - 2 * 86_400_000));
    expect((await call('me.get', bearer(old.token))).status).toBe(401);
    expect(JSON.stringify(await db.apiKey.findMany())).not.toContain(live.token.slice(4));
  });

  test('a disabled person is nobody at once, by session and by token', async () => {
    const { token: held } = await token();
    await db.user.update({ where: { id: person.id }, data: { disabledAt: new Date() } });
    expect((await call('me.get', { headers: { cookie } })).status).toBe(401);
    expect((await call('me.get', bearer(held))).status).toBe(401);
    await db.user.update({ where: { id: person.id }, data: { disabledAt: null } });
    expect((await call('me.get', { headers: { cookie } })).status).toBe(200);
  });

  test('a session in its second day is prolonged, and the browser told', async () => {
    await db.session.updateMany({
      where: { userId: person.id },
      data: { expiresAt: new Date(Date.now() + 5 * 86_400_000), updatedAt: new Date(Date.now() - 2 * 86_400_000) },
    });
    const { headers } = await call('me.get', { headers: { cookie } });
    expect(headers.getSetCookie().join()).toMatch(/session_token=.*Max-Age=604800/);
  });
});

describe('other sites’ pages', () => {
  const mutate = (headers: Record<string, string>) =>
    call('me.markRead', { method: 'POST', input: { ids: [] }, headers: { ...json, ...headers } });
  test.each([
    ['another origin', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['a sibling of the site', { origin: 'http://localhost:4000', 'sec-fetch-site': 'same-site' }],
    ['a browser that says only the origin', { origin: 'https://evil.example' }],
    ['no word of where it comes from', {}],
  ])('cannot change anything with the cookie: %s', async (_, headers) => {
    expect(await mutate({ cookie, ...headers })).toMatchObject({ status: 403, refusal: { code: 'NOT_ALLOWED' } });
  });
  test('our own page can; a script with a token needs no origin', async () => {
    expect((await mutate({ cookie, origin: ORIGIN, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect((await mutate({ cookie, origin: ORIGIN })).status).toBe(200);
    expect((await mutate({ authorization: `Bearer ${(await token()).token}` })).status).toBe(200);
  });
  test('a mutation does not pass as a query', async () => {
    expect(
      (await call('me.markRead?input=%7B%22json%22%3A%7B%22ids%22%3A%5B%5D%7D%7D', { headers: { cookie } })).status,
    ).toBe(405);
  });
});

describe('what comes in is bounded, what goes out tells no more than it should', () => {
  const own = () => ({ ...json, cookie, origin: ORIGIN });
  test('a large body is refused, with or without a length', async () => {
    const input = { name: 'k', publicKey: 'x'.repeat(65 * 1024) };
    expect(await call('keys.add', { method: 'POST', input, headers: own() })).toMatchObject({
      status: 413,
      refusal: { code: 'TOO_LARGE' },
    });
    const chunk = new TextEncoder().encode('x'.repeat(16 * 1024));
    let sent = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        sent++;
        controller.enqueue(chunk);
      },
    });
    const init = { method: 'POST', body: endless, duplex: 'half', headers: own() };
    expect((await call('keys.add', init)).status).toBe(413);
    expect(sent).toBeLessThan(10);
  });
  test('a huge batch is refused', async () => {
    expect((await call(`${Array(21).fill('me.get').join(',')}?batch=1`)).status).toBe(413);
  });
  test('wrong input names its field; a missing procedure and broken JSON are refused', async () => {
    const wrong = await call('keys.add', { method: 'POST', input: { name: ' ', publicKey: 'k' }, headers: own() });
    expect(wrong.refusal).toEqual({ code: 'INVALID_INPUT', facts: { field: 'name', problem: 'Give the key a name.' } });
    expect((await call('no.such')).refusal).toMatchObject({ code: 'NOT_FOUND' });
    const broken = await call('keys.add', { method: 'POST', body: '{', headers: own() });
    expect([broken.status, broken.refusal]).toEqual([
      400,
      { code: 'INVALID_INPUT', facts: { field: 'body', problem: 'not understood' } },
    ]);
  });
  test('a bug tells its request id and nothing else', async () => {
    await db.$executeRaw`ALTER TABLE "SshKey" RENAME TO "Away"`;
    const { status, text, headers } = await call('keys.list', { headers: { cookie } });
    await db.$executeRaw`ALTER TABLE "Away" RENAME TO "SshKey"`;
    expect(status).toBe(500);
    expect(text).toContain('Something went wrong on our side.');
    expect(text).toContain(headers.get('x-request-id'));
    expect(text).not.toMatch(/SshKey|prisma|stack|\.ts/i);
  });
  test('a query too long for an address comes as POST', async () => {
    const token_ = (await token()).token;
    const headers = { ...json, authorization: `Bearer ${token_}` };
    expect((await call('slices.list', { method: 'POST', input: {}, headers })).status).toBe(200);
  });
});

test('ready when the database answers', async () => {
  expect(await readiness()).toEqual({ ready: true, missing: [] });
  expect(processAuth()).toBe(processAuth());
});
