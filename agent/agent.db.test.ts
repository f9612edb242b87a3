import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey } from '@/protocol/statement/keys';
import { signStatement } from '@/protocol/statement/sign';
import { verifyTicket } from '@/protocol/statement/ticket';
import { refusedFrom } from '@/protocol/trpc';
import { testDatabase } from '@/test/postgres';
import { loadOrMakeCa } from '@/protocol/pki/deployment-secrets';
import { secretStore } from './store/deployment';
import { sweep } from './sweeper';
import { agentFixture, ask, type FakeNode, OFFER, SLICE } from './test-fleet';

const database = await testDatabase();
let fleet: Awaited<ReturnType<typeof agentFixture>>;
const notices: { k: string; ids?: string[] }[] = [];
let listener: pg.Client;

beforeAll(async () => {
  fleet = await agentFixture(database.pool, database.url);
  listener = new pg.Client(database.url);
  listener.on('error', () => {});
  await listener.connect();
  await listener.query('LISTEN meridian');
  listener.on('notification', (message) => notices.push(JSON.parse(message.payload ?? '{}')));
});
afterAll(async () => {
  await listener.end();
  await fleet.close();
  await database.drop();
});

async function refusal(call: Promise<unknown>): Promise<string> {
  const err = await call.then(() => new Error('not refused'), (reason: unknown) => reason);
  return refusedFrom(err)?.code ?? String(err);
}
const one = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []) => (await database.pool.query<T>(sql, values)).rows[0];

describe('the deployment’s secrets', () => {
  test('several that start at once agree on one CA', async () => {
    await database.pool.query(`CREATE TABLE "Other" AS SELECT * FROM "SealedSecret" WHERE false`);
    await database.pool.query(`ALTER TABLE "Other" ADD PRIMARY KEY (name)`);
    const other = secretStore({ query: (sql, values) => database.pool.query(String(sql).replace('"SealedSecret"', '"Other"'), values) });
    const key = randomBytes(32);
    const all = await Promise.all(Array.from({ length: 8 }, () => loadOrMakeCa(other, key, { authority: 'meridian', now: new Date() })));
    expect(new Set(all.map((ca) => ca.certificatePem)).size).toBe(1);
    await expect(loadOrMakeCa(other, randomBytes(32), { authority: 'meridian', now: new Date() })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('enrolment', () => {
  test('a token enrols one key under a race; the same key again succeeds, another is refused', async () => {
    const node = await fleet.registerNode('race');
    const keys = Array.from({ length: 8 }, () => generateIdentityKey());
    const outcomes = await Promise.allSettled(keys.map((key) => fleet.enrol(node, key)));
    expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(1);
    const winner = keys[outcomes.findIndex((o) => o.status === 'fulfilled')];
    expect(outcomes.flatMap((o) => (o.status === 'rejected' ? [refusedFrom(o.reason)?.code] : []))).toEqual(Array(7).fill('TOKEN_USED'));
    expect(await one(`SELECT count(*)::int AS n FROM "NodeKey" WHERE "nodeId" = $1`, [node.id])).toEqual({ n: 1 });
    const again = await fleet.enrol(node, winner);
    expect(again.serviceManager.jkt).toBe(fleet.sm.jkt);
    expect(await one(`SELECT "bootState", address FROM "Node" WHERE id = $1`, [node.id])).toEqual({ bootState: 'boot', address: 'localhost:7430' });
  });
  test('a foreign or expired token, and a proof of another key, are refused', async () => {
    const [a, b] = [await fleet.registerNode('a'), await fleet.registerNode('b')];
    expect(await refusal(fleet.enrol({ ...a, secret: b.secret }))).toBe('TOKEN_INVALID');
    expect(await refusal(fleet.enrol({ ...a, secret: randomBytes(32).toString('base64url') }))).toBe('TOKEN_INVALID');
    expect(await refusal(fleet.enrol(a, { ...generateIdentityKey(), jwk: a.key.jwk }))).toBe('BAD_SIGNATURE');
    await database.pool.query(`UPDATE "EnrolmentToken" SET "expiresAt" = now() WHERE "nodeId" = $1`, [a.id]);
    expect(await refusal(fleet.enrol(a))).toBe('TOKEN_INVALID');
  });
});

describe('delegations', () => {
  test('only the enrolled key’s own, to this agent', async () => {
    const node = await fleet.registerNode('delegating');
    await fleet.enrol(node);
    const delegate = (delegation: string) => refusal(fleet.clientOf(node).delegate.mutate({ delegation }));
    const imposter: FakeNode = { ...node, key: generateIdentityKey() };
    expect(await delegate(fleet.delegation(imposter))).toBe('UNKNOWN_ISSUER');
    expect(await delegate(fleet.delegation(node, { granteeJkt: generateIdentityKey() }))).toBe('WRONG_HOLDER');
    const foreign = { ...node, urn: `${node.urn}x` };
    expect(await delegate(fleet.delegation(foreign))).toBe('WRONG_NODE');
    expect((await fleet.beat(node)).wantDelegation).toBe(true);
    await fleet.clientOf(node).delegate.mutate({ delegation: fleet.delegation(node) });
    expect((await fleet.beat(node)).wantDelegation).toBe(false);
  });
});

describe('who may ask', () => {
  test('a node may not ask for tickets, a service manager not beat, nobody anything', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    expect(await refusal(fleet.clientOf(node).issue.mutate(ask([node])))).toBe('NOT_ALLOWED');
    expect(await refusal(fleet.client.heartbeat.mutate({ seq: 0, at: new Date().toISOString(), incarnation: 'i', journalSequence: 0, version: '0', driver: 'oci', capacity: OFFER, free: OFFER, load1Milli: 0, uptimeSeconds: 1, sliverCount: 0, full: false, slivers: [] }))).toBe('NOT_ALLOWED');
  });
  test('a revoked key counts no more, on the connection it has', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    await fleet.beat(node);
    await database.pool.query(`UPDATE "NodeKey" SET "revokedAt" = now() WHERE jkt = $1`, [node.key.jkt]);
    expect(await refusal(fleet.beat(node))).toBe('REVOKED');
    const answer = await fleet.client.issue.mutate(ask([node]));
    expect(answer.refused[0]?.reason.code).toBe('NODE_NOT_ENROLLED');
  });
});

describe('issue', () => {
  test('tickets that their nodes take, and a reason for each node that gives none', async () => {
    const [open, closed, away, early, bare] = await fleet.nodes(5);
    if (!open || !closed || !away || !early || !bare) throw new Error('no nodes');
    await database.pool.query(`UPDATE "Node" SET "adminSwitch" = 'draining' WHERE id = $1`, [closed.id]);
    await database.pool.query(`UPDATE "Heartbeat" SET reachability = 'unreachable' WHERE "nodeId" = $1`, [away.id]);
    await database.pool.query(`UPDATE "Node" SET "bootState" = 'debug' WHERE id = $1`, [early.id]);
    await database.pool.query(`DELETE FROM "Delegation" WHERE "nodeId" = $1`, [bare.id]);
    const request = ask([open, closed, away, early, bare]);
    const answer = await fleet.client.issue.mutate({ ...request, nodes: [...request.nodes, 'urn:publicid:IDN+meridian+node+none'] });
    const codes = answer.refused.map((r) => r.reason.code);
    expect(codes).toEqual(['NODE_CLOSED', 'NODE_UNREACHABLE', 'NODE_NOT_BOOT', 'NOT_DELEGATED', 'NOT_ADVERTISED']);
    const ticket = answer.tickets[0]?.ticket ?? '';
    const context = { nodeUrn: open.urn, nodeJwk: open.key.jwk, incarnation: open.incarnation, now: Date.now(), revokedKeys: new Set<string>(), holderJkt: fleet.sm.jkt };
    expect(verifyTicket(ticket, context).claims.slice).toBe(SLICE);
    expect(await one(`SELECT state, text FROM "Ticket" WHERE jti = $1`, [answer.tickets[0]?.jti])).toEqual({ state: 'issued', text: ticket });
  });
  test('one key, one answer: also when asked eight times at once; another body is refused', async () => {
    const nodes = await fleet.nodes(3);
    const request = ask(nodes);
    const answers = await Promise.all(Array.from({ length: 8 }, () => fleet.client.issue.mutate(request)));
    expect(new Set(answers.map((a) => JSON.stringify(a))).size).toBe(1);
    expect(answers[0]?.tickets).toHaveLength(3);
    expect(await one(`SELECT count(*)::int AS n FROM "Ticket" WHERE "nodeId" = $1`, [nodes[0]?.id])).toEqual({ n: 1 });
    expect(await refusal(fleet.client.issue.mutate({ ...request, graceSeconds: 1 }))).toBe('IDEMPOTENCY_MISMATCH');
  });
  test('twenty at once never promise more than delegation × degree', async () => {
    const nodes = await fleet.nodes(4, { degreeMilli: 1500 });
    const resources = { ...DEFAULT_RESOURCES, cpuMilli: 200, memoryMiB: 64 }; // 1,500 milli-cores hold seven
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => fleet.client.issue.mutate(ask(i % 2 ? nodes : [...nodes].reverse(), { resources }))),
    );
    for (const node of nodes) expect(answers.flatMap((a) => a.tickets).filter((t) => t.node === node.urn)).toHaveLength(7);
    const reason = answers.flatMap((a) => a.refused)[0]?.reason;
    expect(reason).toMatchObject({ code: 'DELEGATION_SPENT', facts: { resource: 'cpuMilli', wants: 200, free: 100, degreeMilli: 1500 } });
  });
  test('a ticket does not outlive its delegation', async () => {
    const nodes = await fleet.nodes(1, { days: 1 });
    const long = await fleet.client.issue.mutate(ask(nodes));
    expect(long.refused[0]?.reason).toMatchObject({ code: 'EXCEEDS_PARENT', facts: { what: 'lease term end' } });
    const start = Math.floor(Date.now() / 1000);
    expect((await fleet.client.issue.mutate(ask(nodes, { start, end: start + 3600, graceSeconds: 60 }))).tickets).toHaveLength(1);
  });
  test('what was promised is free again after a receipt, or when its window is over; not before', async () => {
    const nodes = await fleet.nodes(1);
    const [node] = nodes;
    if (!node) throw new Error('no node');
    const resources = { ...DEFAULT_RESOURCES, memoryMiB: OFFER.memoryMiB };
    const freeOf = async () => (await fleet.client.advertisements.query({ nodes: [node.urn] })).advertisements[0]?.free.memoryMiB;
    const first = (await fleet.client.issue.mutate(ask(nodes, { resources }))).tickets[0];
    if (!first) throw new Error('no ticket');
    expect(await freeOf()).toBe(0);
    const now = Math.floor(Date.now() / 1000);
    const receiptBy = (key = node.key, ticket = { iss: first.iss, jti: first.jti }) =>
      signStatement('receipt+jwt', { iss: key.jkt, jti: randomBytes(18).toString('base64url'), node: node.urn, incarnation: node.incarnation, kind: 'burnt', slice: SLICE, ticket, code: 'RELEASED', facts: {}, since: now, iat: now }, key);
    const give = (receipt: string) => fleet.client.returnTickets.mutate({ tickets: [{ iss: first.iss, jti: first.jti, receipt }] });
    expect(await refusal(give(receiptBy(generateIdentityKey())))).toBe('UNKNOWN_ISSUER');
    expect(await refusal(give(receiptBy(node.key, { iss: first.iss, jti: 'x'.repeat(24) })))).toBe('STATEMENT_MALFORMED');
    expect(await freeOf()).toBe(0);
    expect(await give(receiptBy())).toEqual({ returned: 1 });
    expect(await give(receiptBy())).toEqual({ returned: 0 });
    expect(await freeOf()).toBe(OFFER.memoryMiB);
    const second = (await fleet.client.issue.mutate(ask(nodes, { resources }))).tickets[0];
    await database.pool.query(`UPDATE "Ticket" SET "notAfter" = now() - interval '299 s' WHERE jti = $1`, [second?.jti]);
    expect(await freeOf()).toBe(0);
    await database.pool.query(`UPDATE "Ticket" SET "notAfter" = now() - interval '301 s' WHERE jti = $1`, [second?.jti]);
    expect(await freeOf()).toBe(OFFER.memoryMiB);
    await sweep(database.pool, { lateMs: 1e9, unreachableMs: 1e9 });
    expect(await one(`SELECT state FROM "Ticket" WHERE jti = $1`, [second?.jti])).toEqual({ state: 'lapsed' });
  });
});

describe('advertisements', () => {
  test('say what is free by the lesser word, and filter', async () => {
    const nodes = await fleet.nodes(2);
    const [a, b] = nodes;
    if (!a || !b) throw new Error('no nodes');
    await fleet.beat(a, { free: { ...OFFER, memoryMiB: 10 } });
    await fleet.client.issue.mutate(ask([b]));
    const { advertisements } = await fleet.client.advertisements.query({ nodes: [a.urn, b.urn] });
    const free = new Map(advertisements.map((ad) => [ad.node, ad.free]));
    expect(free.get(a.urn)?.memoryMiB).toBe(10);
    expect(free.get(b.urn)?.memoryMiB).toBe(OFFER.memoryMiB - DEFAULT_RESOURCES.memoryMiB);
    const wants = { cpuMilli: 0, memoryMiB: 11, diskMiB: 0, networkKbps: 0 };
    expect((await fleet.client.advertisements.query({ nodes: [a.urn, b.urn], wants })).total).toBe(1);
    expect((await fleet.client.advertisements.query({ countries: ['SE'] })).total).toBe(0);
    await database.pool.query(`UPDATE "Node" SET "adminSwitch" = 'closed' WHERE id = $1`, [a.id]);
    expect((await fleet.client.advertisements.query({ nodes: [a.urn] })).total).toBe(0);
    expect((await fleet.client.advertisements.query({ nodes: [a.urn], includeUnusable: true })).total).toBe(1);
  });
});

describe('heartbeats', () => {
  /** A sliver with a lease on a node. */
  async function sliver(node: FakeNode, reported = 'ticketed') {
    const userId = randomUUID();
    const [sliceId, sliverId, jti] = [randomUUID(), randomUUID(), randomBytes(18).toString('base64url')];
    await database.pool.query(`INSERT INTO "User" (id, name, email, "updatedAt") VALUES ($1, 'Ada', $2, now())`, [userId, `${userId}@example.org`]);
    await database.pool.query(
      `INSERT INTO "Slice" (id, name, urn, "siteId", "ownerId", spec, "sliverCount", "minimumCount", "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "termSeconds", "graceSeconds")
       VALUES ($1, $2, $3, $4, $5, '{}', 1, 1, 1, 1, 1, 1, 1, 1)`,
      [sliceId, `oslo_${sliverId.slice(0, 8)}`, SLICE, fleet.siteId, userId],
    );
    await database.pool.query(`INSERT INTO "Sliver" (id, "sliceId", "nodeId", reported) VALUES ($1, $2, $3, $4::"SliverReported")`, [sliverId, sliceId, node.id, reported]);
    await database.pool.query(
      `INSERT INTO "Lease" (id, "sliverId", iss, jti, text, "startsAt", "endsAt", "graceSeconds", "createdAt") VALUES (gen_random_uuid(), $1, $2, $3, '', now(), now() + interval '1 day', 0, now() - interval '1 minute')`,
      [sliverId, node.key.jkt, jti],
    );
    const report = (state: 'starting' | 'running' | 'failed' | 'gone', since: Date) => ({
      slice: SLICE, sliver: 'urn:publicid:IDN+meridian+sliver+x', leaseJti: jti, state, reason: null, since: since.toISOString(),
    });
    const state = async () => (await one<{ reported: string }>(`SELECT reported FROM "Sliver" WHERE id = $1`, [sliverId]))?.reported;
    return { sliverId, jti, report, state };
  }

  test('many at once are a few commits, each answered', async () => {
    const nodes = await fleet.nodes(6);
    const before = await one<{ n: string }>(`SELECT pg_current_xact_id()::text AS n`);
    const answers = await Promise.all(nodes.map((node) => fleet.beat(node)));
    const after = await one<{ n: string }>(`SELECT pg_current_xact_id()::text AS n`);
    expect(answers.every((a) => a.adminSwitch === 'open' && !a.wantFull)).toBe(true);
    expect(Number(after?.n) - Number(before?.n)).toBeLessThan(6);
  });
  test('reports move slivers on, say so, and a stale one takes nothing back', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    const s = await sliver(node);
    const at = Date.now();
    await fleet.beat(node, { slivers: [s.report('starting', new Date(at - 300))] });
    expect(await s.state()).toBe('starting');
    await expect.poll(() => notices.some((n) => n.k === 'sliver' && n.ids?.includes(s.sliverId))).toBe(true);
    await fleet.beat(node, { slivers: [s.report('running', new Date(at - 200))] });
    await fleet.beat(node, { slivers: [s.report('starting', new Date(at - 300))] });
    expect(await s.state()).toBe('running');
    await fleet.beat(node, { slivers: [s.report('failed', new Date(at - 250))] }); // older, and yet it goes further
    expect(await s.state()).toBe('failed');
    await fleet.beat(node, { slivers: [s.report('running', new Date(at - 100))] });
    expect(await s.state()).toBe('running');
    await fleet.beat(node, { slivers: [s.report('gone', new Date(at - 90))] });
    await fleet.beat(node, { slivers: [s.report('running', new Date(at))] });
    expect(await s.state()).toBe('gone');
  });
  test('a lease nobody knows yet is asked for again, not for ever; what a full list leaves out is gone', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    const s = await sliver(node, 'running');
    const unknown = { ...s.report('running', new Date()), leaseJti: 'y'.repeat(24) };
    const asked: boolean[] = [];
    for (let i = 0; i < 5; i++) asked.push((await fleet.beat(node, { slivers: [unknown] })).wantFull);
    expect(asked).toEqual([true, true, true, false, false]);
    await fleet.beat(node, { full: true, slivers: [s.report('running', new Date())], sliverCount: 1 });
    expect(await s.state()).toBe('running');
    await fleet.beat(node, { full: true, slivers: [] });
    expect(await s.state()).toBe('gone');
  });
  test('silence makes late, then unreachable with its slivers unknown; a heartbeat brings all back', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    const s = await sliver(node, 'running');
    const silentFor = (seconds: number) => database.pool.query(`UPDATE "Heartbeat" SET at = now() - make_interval(secs => $2) WHERE "nodeId" = $1`, [node.id, seconds]);
    const mark = async () => (await one<{ reachability: string }>(`SELECT reachability FROM "Heartbeat" WHERE "nodeId" = $1`, [node.id]))?.reachability;
    await silentFor(20);
    await sweep(database.pool, { lateMs: 15_000, unreachableMs: 39_000 });
    expect(await mark()).toBe('late');
    expect(await s.state()).toBe('running');
    await silentFor(40);
    await sweep(database.pool, { lateMs: 15_000, unreachableMs: 39_000 });
    expect([await mark(), await s.state()]).toEqual(['unreachable', 'unknown']);
    await expect.poll(() => notices.some((n) => n.k === 'node' && n.ids?.includes(node.id))).toBe(true);
    expect((await fleet.beat(node)).wantFull).toBe(true);
    await fleet.beat(node, { full: true, slivers: [s.report('running', new Date(Date.now() - 60_000))], sliverCount: 1 });
    expect([await mark(), await s.state()]).toEqual(['online', 'running']);
  });
  test('a node that lost its journal must delegate anew', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    node.incarnation = randomBytes(16).toString('base64url');
    expect(await fleet.beat(node)).toMatchObject({ wantDelegation: true, wantFull: true });
    expect((await fleet.client.issue.mutate(ask([node]))).refused[0]?.reason.code).toBe('NOT_DELEGATED');
    await fleet.clientOf(node).delegate.mutate({ delegation: fleet.delegation(node) });
    expect((await fleet.client.issue.mutate(ask([node]))).tickets).toHaveLength(1);
  });
});

test('nothing in all this was a bug', () => {
  expect(fleet.errors).toEqual([]);
});
