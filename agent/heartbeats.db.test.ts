import { randomBytes, randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '@/test/postgres';
import { Heartbeats } from './heartbeats';
import { sweep } from './sweeper';
import { agentFixture, ask, type FakeNode, OFFER, refusal, SLICE } from './test-fleet';

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

const one = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
  (await database.pool.query<T>(sql, values)).rows[0];

describe('heartbeats', () => {
  /** A sliver with a lease on a node. */
  async function sliver(node: FakeNode, reported = 'ticketed') {
    const userId = randomUUID();
    const [sliceId, sliverId, jti] = [randomUUID(), randomUUID(), randomBytes(18).toString('base64url')];
    await database.pool.query(`INSERT INTO "User" (id, name, email, "updatedAt") VALUES ($1, 'Ada', $2, now())`, [
      userId,
      `${userId}@example.org`,
    ]);
    await database.pool.query(
      `INSERT INTO "Slice" (id, name, urn, "siteId", "ownerId", spec, "sliverCount", "minimumCount", "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "termSeconds", "graceSeconds")
       VALUES ($1, $2, $3, $4, $5, '{}', 1, 1, 1, 1, 1, 1, 1, 1)`,
      [sliceId, `oslo_${sliverId.slice(0, 8)}`, SLICE, fleet.siteId, userId],
    );
    await database.pool.query(
      `INSERT INTO "Sliver" (id, "sliceId", "nodeId", reported) VALUES ($1, $2, $3, $4::"SliverReported")`,
      [sliverId, sliceId, node.id, reported],
    );
    await database.pool.query(
      `INSERT INTO "Lease" (id, "sliverId", iss, jti, text, "startsAt", "endsAt", "graceSeconds", "createdAt") VALUES (gen_random_uuid(), $1, $2, $3, '', now(), now() + interval '1 day', 0, now() - interval '1 minute')`,
      [sliverId, node.key.jkt, jti],
    );
    const report = (state: 'starting' | 'running' | 'failed' | 'gone', since: Date) => ({
      slice: SLICE,
      sliver: 'urn:publicid:IDN+meridian+sliver+x',
      leaseJti: jti,
      state,
      reason: null,
      since: since.toISOString(),
    });
    const state = async () =>
      (await one<{ reported: string }>(`SELECT reported FROM "Sliver" WHERE id = $1`, [sliverId]))?.reported;
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
  test('why a sliver was given up stays known when its node says that it is gone', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    const s = await sliver(node, 'failed');
    const reason = { code: 'START_FAILED', facts: { problem: 'no room for it' } };
    await database.pool.query(`UPDATE "Sliver" SET desired = 'gone', reason = $2 WHERE id = $1`, [s.sliverId, reason]);
    for (const state of ['running', 'gone'] as const)
      await fleet.beat(node, { slivers: [s.report(state, new Date())] });
    const { rows } = await database.pool.query(`SELECT reported, reason FROM "Sliver" WHERE id = $1`, [s.sliverId]);
    expect(rows).toEqual([{ reported: 'failed', reason }]);
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
    const silentFor = (seconds: number) =>
      database.pool.query(`UPDATE "Heartbeat" SET at = now() - make_interval(secs => $2) WHERE "nodeId" = $1`, [
        node.id,
        seconds,
      ]);
    const mark = async () =>
      (await one<{ reachability: string }>(`SELECT reachability FROM "Heartbeat" WHERE "nodeId" = $1`, [node.id]))
        ?.reachability;
    await silentFor(20);
    await sweep(database.pool, { lateMs: 15_000, unreachableMs: 39_000 });
    expect(await mark()).toBe('late');
    expect(await s.state()).toBe('running');
    await silentFor(40);
    await sweep(database.pool, { lateMs: 15_000, unreachableMs: 39_000 });
    expect([await mark(), await s.state()]).toEqual(['unreachable', 'unknown']);
    await expect.poll(() => notices.some((n) => n.k === 'node' && n.ids?.includes(node.id))).toBe(true);
    expect((await fleet.beat(node)).wantFull).toBe(true);
    await fleet.beat(node, {
      full: true,
      slivers: [s.report('running', new Date(Date.now() - 60_000))],
      sliverCount: 1,
    });
    expect([await mark(), await s.state()]).toEqual(['online', 'running']);
  });
  test('what one node sends keeps no other from being heard', async () => {
    const [hostile, honest] = await fleet.nodes(2);
    if (!hostile || !honest) throw new Error('no nodes');
    const s = await sliver(hostile);
    const report = s.report('starting', new Date());
    const reason = (problem: string) => ({ code: 'START_FAILED', facts: { problem } });
    const poison: Parameters<typeof fleet.beat>[1][] = [
      { version: 'nul \0' },
      { version: 'half a pair \ud800' },
      { missing: ['nul \0'] },
      { incarnation: 'nul \0' },
      { slivers: [{ ...report, reason: reason('nul \0') }] },
      { slivers: [{ ...report, reason: reason('half a pair \udc00') }] },
      { slivers: [{ ...report, reason: reason('x'.repeat(100_000)) }] },
      { slivers: [{ ...report, since: '0000-01-01T00:00:00Z' }] },
      { slivers: [{ ...report, since: `2026-01-01T00:00:00.${'0'.repeat(200)}Z` }] },
    ];
    for (const bad of poison) {
      const [refused, answer] = await Promise.allSettled([refusal(fleet.beat(hostile, bad)), fleet.beat(honest)]);
      expect(answer, JSON.stringify(bad).slice(0, 100)).toMatchObject({ status: 'fulfilled' });
      expect(refused).toMatchObject({ value: 'INVALID_INPUT' });
    }
  });
  test('a heartbeat that the database cannot take fails alone', async () => {
    const [hostile, honest] = await fleet.nodes(2);
    if (!hostile || !honest) throw new Error('no nodes');
    const heartbeats = new Heartbeats(database.pool);
    const take = (node: FakeNode, version: string) => {
      return heartbeats.take(
        { kind: 'node', urn: node.urn, jkt: node.key.jkt },
        {
          seq: 0,
          at: new Date().toISOString(),
          capacity: OFFER,
          free: OFFER,
          incarnation: node.incarnation,
          journalSequence: 0,
          version,
          driver: 'simulated',
          missing: [],
          images: ['tiny'],
          imageProblems: [],
          enforcement: { unenforced: [], disk: null },
          load1Milli: 0,
          uptimeSeconds: 1,
          sliverCount: 0,
          full: false,
          slivers: [],
          usage: null,
          revocationsHeard: 0,
        },
      );
    };
    const outcomes = await Promise.allSettled([take(hostile, 'nul \0'), take(honest, '1')]);
    expect(outcomes.map((o) => o.status)).toEqual(['rejected', 'fulfilled']);
    await heartbeats.close();
  });
  test('a node that lost its journal must delegate anew', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    node.incarnation = randomBytes(16).toString('base64url');
    expect(await fleet.beat(node)).toMatchObject({ agents: [{ holds: null }], wantFull: true });
    expect((await fleet.client.issue.mutate(ask([node]))).refused[0]?.reason.code).toBe('NOT_DELEGATED');
    await fleet.clientOf(node).delegate.mutate({ delegation: fleet.delegation(node) });
    expect((await fleet.client.issue.mutate(ask([node]))).tickets).toHaveLength(1);
  });
  test('a node that begins anew frees what old tickets held, and its slivers of before are gone at once, with why', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    const before = node.incarnation;
    await fleet.client.issue.mutate(ask([node]));
    const [old, kept] = [await sliver(node, 'running'), await sliver(node, 'running')];
    await database.pool.query(`UPDATE "Lease" SET "createdAt" = now() - interval '2 s' WHERE jti = $1`, [old.jti]);
    node.incarnation = randomBytes(16).toString('base64url');
    const life = { since: new Date().toISOString(), why: 'lost' as const, problem: 'nothing of it is there' };
    const slivers = [kept.report('running', new Date())];
    await fleet.beat(node, { full: true, slivers, sliverCount: 1, life });
    expect([await old.state(), await kept.state()]).toEqual(['gone', 'running']);
    const row = await one<{ reason: object }>(`SELECT reason FROM "Sliver" WHERE id = $1`, [old.sliverId]);
    expect(row?.reason).toEqual({ code: 'RECORDS_LOST', facts: { node: node.urn, why: 'lost' } });
    const states = await database.pool.query(`SELECT state FROM "Ticket" WHERE "nodeId" = $1`, [node.id]);
    expect(states.rows).toEqual([{ state: 'lapsed' }]);
    const audit = await one<{ facts: object }>(
      `SELECT facts FROM "AuditEvent" WHERE action = 'node.reincarnated' AND "objectId" = $1`,
      [node.id],
    );
    expect(audit?.facts).toMatchObject({ before, incarnation: node.incarnation, ticketsEnded: 1 });
  });
  test('a node is told when it is behind what it said before, also when it speaks for an incarnation that it had left', async () => {
    const [node] = await fleet.nodes(1);
    if (!node) throw new Error('no node');
    const before = node.incarnation;
    expect(await fleet.beat(node, { journalSequence: 70 })).toMatchObject({ journalSeen: 70 });
    expect(await fleet.beat(node, { journalSequence: 40 })).toMatchObject({ journalSeen: 70, wantFull: false });
    expect(await fleet.beat(node, { journalSequence: 71 })).toMatchObject({ journalSeen: 71 });
    node.incarnation = randomBytes(16).toString('base64url');
    await fleet.clientOf(node).delegate.mutate({ delegation: fleet.delegation(node) });
    expect(await fleet.beat(node, { journalSequence: 80 })).toMatchObject({
      journalSeen: 80,
      agents: [{ holds: { degreeMilli: 1000 } }],
    });
    const now = node.incarnation;
    node.incarnation = before;
    expect((await fleet.beat(node, { journalSequence: 75 })).journalSeen).toBeGreaterThan(75);
    const key = await one<{ incarnation: string }>(`SELECT incarnation FROM "NodeKey" WHERE "nodeId" = $1`, [node.id]);
    expect(key?.incarnation).toBe(now);
  });
});

test('nothing in all this was a bug', () => {
  expect(fleet.errors).toEqual([]);
});
