import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { signStatement } from '@/protocol/statement/sign';
import { verifyTicket } from '@/protocol/statement/ticket';
import { testDatabase } from '@/test/postgres';
import { agentFixture, ask, type FakeNode, OFFER, refusal, SLICE } from './test-fleet';

// Tickets that renew others: they take the place of their predecessors in the books.
const database = await testDatabase();
let fleet: Awaited<ReturnType<typeof agentFixture>>;
beforeAll(async () => {
  fleet = await agentFixture(database.pool, database.url);
});
afterAll(async () => {
  await fleet.close();
  await database.drop();
});

const half = { ...DEFAULT_RESOURCES, memoryMiB: OFFER.memoryMiB / 2 };
const start = Math.floor(Date.now() / 1000);
const freeOf = async (node: FakeNode) =>
  (await fleet.client.advertisements.query({ nodes: [node.urn] })).advertisements[0]?.free.memoryMiB;
const issue = async (node: FakeNode, more: Parameters<typeof ask>[1] = {}) => {
  const { tickets, refused } = await fleet.client.issue.mutate(ask([node], { resources: half, start, ...more }));
  return { ...tickets[0], code: refused[0]?.reason.code };
};
const renewal = (node: FakeNode, jti = '', more: Parameters<typeof ask>[1] = {}) =>
  issue(node, { end: start + 2 * 86_400, replaces: { [node.urn]: jti }, ...more });

/** With the node's word that it was burnt. */
function giveBack(node: FakeNode, { iss = '', jti = '' }: { iss?: string; jti?: string }) {
  const { key, urn, incarnation } = node;
  const [at, id] = [Math.floor(Date.now() / 1000), randomBytes(18).toString('base64url')];
  const of = {
    iss: key.jkt,
    jti: id,
    node: urn,
    incarnation,
    kind: 'burnt' as const,
    slice: `${SLICE}2`,
    ticket: { iss, jti },
  };
  const receipt = signStatement('receipt+jwt', { ...of, code: 'TICKET_BURNT', facts: {}, since: at, iat: at }, key);
  return fleet.client.returnTickets.mutate({ tickets: [{ iss, jti, receipt }] });
}

async function one(): Promise<FakeNode> {
  const [node] = await fleet.nodes(1);
  if (!node) throw new Error('no node');
  return node;
}

test('a ticket and its renewals claim what one of them does, on a full node too, and no more is sold', async () => {
  const node = await one();
  const first = await issue(node);
  const other = await issue(node, { slice: `${SLICE}2` });
  expect(await freeOf(node)).toBe(0);
  const second = await renewal(node, first.jti);
  expect((await renewal(node, first.jti)).jti).toBeDefined(); // another attempt, as after a lost answer
  const context = {
    nodeUrn: node.urn,
    nodeJwk: node.key.jwk,
    incarnation: node.incarnation,
    now: Date.now(),
    revokedKeys: new Set<string>(),
    holderJkt: fleet.sm.jkt,
  };
  expect(verifyTicket(second.ticket ?? '', context).claims).toMatchObject({ replaces: first.jti, start });
  const { rows } = await database.pool.query('SELECT replaces FROM "Ticket" WHERE jti = $1', [second.jti]);
  expect(rows).toEqual([{ replaces: first.jti }]);
  expect(await freeOf(node)).toBe(0);
  expect((await issue(node, { slice: `${SLICE}3` })).code).toBe('DELEGATION_SPENT');
  // Once the other's place is free it is sold once, not twice.
  await giveBack(node, other);
  expect(await freeOf(node)).toBe(half.memoryMiB);
  const answers = await Promise.all(
    Array.from({ length: 6 }, (_, i) => (i % 2 ? issue(node, { slice: `${SLICE}4` }) : renewal(node, first.jti))),
  );
  expect(answers.filter((a, i) => i % 2 && a.jti)).toHaveLength(1);
  expect(answers.filter((a, i) => !(i % 2) && a.jti)).toHaveLength(3);
  expect(await freeOf(node)).toBe(0);
  // When the predecessor is gone a renewal counts by itself until it lapses.
  await database.pool.query(`UPDATE "Ticket" SET state = 'burnt' WHERE jti = $1`, [first.jti]);
  expect((await issue(node, { slice: `${SLICE}5` })).code).toBe('DELEGATION_SPENT');
});

test('renews a ticket of its own for that slice, node and amounts only; another agent’s is charged in full; the same key is the same ticket', async () => {
  const [node, elsewhere] = [await one(), await one()];
  const first = await issue(node);
  expect((await renewal(elsewhere, first.jti)).code).toBe('RENEWAL_MISMATCH');
  expect((await renewal(node, first.jti, { slice: `${SLICE}2` })).code).toBe('RENEWAL_MISMATCH');
  expect((await renewal(node, first.jti, { resources: DEFAULT_RESOURCES })).code).toBe('RENEWAL_MISMATCH');
  const foreign = await one();
  expect((await renewal(foreign, 'x'.repeat(24))).jti).toBeDefined();
  expect(await freeOf(foreign)).toBe(half.memoryMiB);
  const wrong = ask([node], { resources: half, replaces: { [elsewhere.urn]: first.jti ?? '' } });
  expect(await refusal(fleet.client.issue.mutate(wrong))).toBe('INVALID_INPUT');
  const request = ask([node], { resources: half, start, replaces: { [node.urn]: first.jti ?? '' } });
  const answers = await Promise.all([fleet.client.issue.mutate(request), fleet.client.issue.mutate(request)]);
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]?.tickets).toHaveLength(1);
  const { replaces: _, ...plain } = request;
  expect(await refusal(fleet.client.issue.mutate(plain))).toBe('IDEMPOTENCY_MISMATCH');
  expect(fleet.errors).toEqual([]);
});
