import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey } from '@/protocol/statement/keys';
import { signStatement } from '@/protocol/statement/sign';
import { verifyTicket } from '@/protocol/statement/ticket';
import { testDatabase } from '@/test/postgres';
import { sweep } from './sweeper';
import { agentFixture, ask, OFFER, refusal, SLICE } from './test-fleet';

const database = await testDatabase();
let fleet: Awaited<ReturnType<typeof agentFixture>>;

beforeAll(async () => {
  fleet = await agentFixture(database.pool, database.url);
});
afterAll(async () => {
  await fleet.close();
  await database.drop();
});

const one = async <T extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
  (await database.pool.query<T>(sql, values)).rows[0];

describe('issue', () => {
  test('tickets that their nodes take, and a reason for each node that gives none', async () => {
    const [open, closed, away, early, bare] = await fleet.nodes(5);
    if (!open || !closed || !away || !early || !bare) throw new Error('no nodes');
    await database.pool.query(`UPDATE "Node" SET "adminSwitch" = 'draining' WHERE id = $1`, [closed.id]);
    await database.pool.query(`UPDATE "Heartbeat" SET reachability = 'unreachable' WHERE "nodeId" = $1`, [away.id]);
    await database.pool.query(`UPDATE "Node" SET "bootState" = 'debug' WHERE id = $1`, [early.id]);
    await database.pool.query(`DELETE FROM "Delegation" WHERE "nodeId" = $1`, [bare.id]);
    const request = ask([open, closed, away, early, bare]);
    const answer = await fleet.client.issue.mutate({
      ...request,
      nodes: [...request.nodes, 'urn:publicid:IDN+meridian+node+none'],
    });
    const codes = answer.refused.map((r) => r.reason.code);
    expect(codes).toEqual(['NODE_CLOSED', 'NODE_UNREACHABLE', 'NODE_NOT_BOOT', 'NOT_DELEGATED', 'NOT_ADVERTISED']);
    const ticket = answer.tickets[0]?.ticket ?? '';
    const context = {
      nodeUrn: open.urn,
      nodeJwk: open.key.jwk,
      incarnation: open.incarnation,
      now: Date.now(),
      revokedKeys: new Set<string>(),
      holderJkt: fleet.sm.jkt,
    };
    expect(verifyTicket(ticket, context).claims.slice).toBe(SLICE);
    expect(await one(`SELECT state, text FROM "Ticket" WHERE jti = $1`, [answer.tickets[0]?.jti])).toEqual({
      state: 'issued',
      text: ticket,
    });
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
      Array.from({ length: 20 }, (_, i) =>
        fleet.client.issue.mutate(ask(i % 2 ? nodes : [...nodes].reverse(), { resources })),
      ),
    );
    for (const node of nodes)
      expect(answers.flatMap((a) => a.tickets).filter((t) => t.node === node.urn)).toHaveLength(7);
    const reason = answers.flatMap((a) => a.refused)[0]?.reason;
    expect(reason).toMatchObject({
      code: 'DELEGATION_SPENT',
      facts: { resource: 'cpuMilli', wants: 200, free: 100, degreeMilli: 1500 },
    });
  });
  test('a ticket does not outlive its delegation', async () => {
    const nodes = await fleet.nodes(1, { days: 1 });
    const long = await fleet.client.issue.mutate(ask(nodes));
    expect(long.refused[0]?.reason).toMatchObject({ code: 'EXCEEDS_PARENT', facts: { what: 'lease term end' } });
    const start = Math.floor(Date.now() / 1000);
    expect(
      (await fleet.client.issue.mutate(ask(nodes, { start, end: start + 3600, graceSeconds: 60 }))).tickets,
    ).toHaveLength(1);
  });
  test('what was promised is free again after a receipt, or when its window is over; not before', async () => {
    const nodes = await fleet.nodes(1);
    const [node] = nodes;
    if (!node) throw new Error('no node');
    const resources = { ...DEFAULT_RESOURCES, memoryMiB: OFFER.memoryMiB };
    const freeOf = async () =>
      (await fleet.client.advertisements.query({ nodes: [node.urn] })).advertisements[0]?.free.memoryMiB;
    const first = (await fleet.client.issue.mutate(ask(nodes, { resources }))).tickets[0];
    if (!first) throw new Error('no ticket');
    expect(await freeOf()).toBe(0);
    const now = Math.floor(Date.now() / 1000);
    const receiptBy = (key = node.key, ticket = { iss: first.iss, jti: first.jti }) =>
      signStatement(
        'receipt+jwt',
        {
          iss: key.jkt,
          jti: randomBytes(18).toString('base64url'),
          node: node.urn,
          incarnation: node.incarnation,
          kind: 'burnt',
          slice: SLICE,
          ticket,
          code: 'RELEASED',
          facts: {},
          since: now,
          iat: now,
        },
        key,
      );
    const give = (receipt: string) =>
      fleet.client.returnTickets.mutate({ tickets: [{ iss: first.iss, jti: first.jti, receipt }] });
    expect(await refusal(give(receiptBy(generateIdentityKey())))).toBe('UNKNOWN_ISSUER');
    expect(await refusal(give(receiptBy(node.key, { iss: first.iss, jti: 'x'.repeat(24) })))).toBe(
      'STATEMENT_MALFORMED',
    );
    expect(await freeOf()).toBe(0);
    expect(await give(receiptBy())).toEqual({ returned: 1 });
    expect(await give(receiptBy())).toEqual({ returned: 0 });
    expect(await freeOf()).toBe(OFFER.memoryMiB);
    const second = (await fleet.client.issue.mutate(ask(nodes, { resources }))).tickets[0];
    await database.pool.query(`UPDATE "Ticket" SET "notAfter" = now() - interval '299 s' WHERE jti = $1`, [
      second?.jti,
    ]);
    expect(await freeOf()).toBe(0);
    await database.pool.query(`UPDATE "Ticket" SET "notAfter" = now() - interval '301 s' WHERE jti = $1`, [
      second?.jti,
    ]);
    expect(await freeOf()).toBe(OFFER.memoryMiB);
    await sweep(database.pool, { lateMs: 1e9, unreachableMs: 1e9 });
    expect(await one(`SELECT state FROM "Ticket" WHERE jti = $1`, [second?.jti])).toEqual({ state: 'lapsed' });
  });
  test('a lease whose redemption was told late holds its room, though its ticket had lapsed', async () => {
    const nodes = await fleet.nodes(1);
    const resources = { ...DEFAULT_RESOURCES, memoryMiB: OFFER.memoryMiB };
    const ticket = (await fleet.client.issue.mutate(ask(nodes, { resources }))).tickets[0];
    const [sliceId, sliverId] = [randomUUID(), randomUUID()];
    await database.pool.query(`INSERT INTO "User" (id, name, email, "updatedAt") VALUES ($1, 'Ada', $1, now())`, [
      sliceId,
    ]);
    await database.pool.query(
      `INSERT INTO "Slice" (id, name, urn, "siteId", "ownerId", spec, "sliverCount", "minimumCount", "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "termSeconds", "graceSeconds")
       VALUES ($1::uuid, 'oslo_late', 'urn:publicid:IDN+meridian+slice+oslo_late', $2, $1::text, '{}', 1, 1, 1, 1, 1, 1, 1, 1)`,
      [sliceId, fleet.siteId],
    );
    await database.pool.query(`INSERT INTO "Sliver" (id, "sliceId", "nodeId") VALUES ($1, $2, $3)`, [
      sliverId,
      sliceId,
      nodes[0]?.id,
    ]);
    await database.pool.query(`UPDATE "Ticket" SET state = 'lapsed', "sliverId" = $2 WHERE jti = $1`, [
      ticket?.jti,
      sliverId,
    ]);
    const free = async () =>
      (await fleet.client.advertisements.query({ nodes: nodes.map((n) => n.urn) })).advertisements[0]?.free.memoryMiB;
    expect(await free()).toBe(OFFER.memoryMiB);
    await database.pool.query(
      `INSERT INTO "Lease" (id, "sliverId", iss, jti, text, "startsAt", "endsAt", "graceSeconds") VALUES (gen_random_uuid(), $1, 'i', 'j', '', now(), now() + interval '1 day', 0)`,
      [sliverId],
    );
    expect(await free()).toBe(0);
    await database.pool.query(`UPDATE "Lease" SET "endedAt" = now() WHERE "sliverId" = $1`, [sliverId]);
    expect(await free()).toBe(OFFER.memoryMiB);
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
    // The owner's own switch, said with heartbeats, counts as the site's does; the stricter holds.
    await database.pool.query(`UPDATE "Node" SET "adminSwitch" = 'open' WHERE id = $1`, [a.id]);
    expect((await fleet.client.advertisements.query({ nodes: [a.urn] })).total).toBe(1);
    await fleet.beat(a, { policy: { adminSwitch: 'draining', words: [], problem: null } });
    const { refused } = await fleet.client.issue.mutate(ask([a]));
    expect(refused.map((r) => r.reason.code)).toEqual(['NODE_CLOSED']);
    expect((await fleet.client.advertisements.query({ nodes: [a.urn] })).total).toBe(0);
    expect((await fleet.client.advertisements.query({ nodes: [a.urn], includeUnusable: true })).total).toBe(1);
  });
});

test('nothing in all this was a bug', () => {
  expect(fleet.errors).toEqual([]);
});
