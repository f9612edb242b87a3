import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PROOF_FORMAT } from '@/protocol/proof/schemas';
import { verifyProof } from '@/protocol/proof/verify-proof';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import type { ReceiptClaims } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import { decodeUnverified } from '@/protocol/statement/verify';
import { testDatabase } from '@/test/postgres';
import { sweep } from './sweeper';
import { agentFixture, ask, type FakeNode, OFFER, refusal, SLICE } from './test-fleet';

const database = await testDatabase();
const { pool } = database;
let fleet: Awaited<ReturnType<typeof agentFixture>>;
const ALL = { ...DEFAULT_RESOURCES, memoryMiB: OFFER.memoryMiB };
const now = () => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  fleet = await agentFixture(pool, database.url);
});
afterAll(async () => {
  expect(fleet.errors).toEqual([]);
  await fleet.close();
  await database.drop();
});

type Signed = { iss: string; jti: string; ticket: string };
const idOf = () => randomBytes(18).toString('base64url');
const baseOf = (node: FakeNode) => ({
  iss: node.key.jkt,
  jti: idOf(),
  node: node.urn,
  incarnation: node.incarnation,
  iat: now(),
});
const sign = (node: FakeNode, claims: ReceiptClaims) => signStatement('receipt+jwt', claims, node.key);
const word = (node: FakeNode, kind: 'released' | 'refused', ticket: Signed) =>
  sign(node, {
    ...baseOf(node),
    kind,
    slice: SLICE,
    ticket: { iss: ticket.iss, jti: ticket.jti },
    code: 'X',
    facts: {},
    since: now(),
  });
const standing = (node: FakeNode, more: { asOf?: number; live?: Signed[]; ended?: Signed[]; issuer?: string } = {}) => {
  const { asOf = now(), live = [], ended = [], issuer = fleet.agent.key.jkt } = more;
  const lists = { live: live.map(({ jti }) => jti.slice(-8)), ended: ended.map(({ jti }) => jti), revoked: [] };
  return sign(node, { ...baseOf(node), kind: 'standing', issuer, asOf, ...lists });
};
const say = (node: FakeNode, text: string) => fleet.clientOf(node).standing.mutate({ standing: text });

async function only(): Promise<FakeNode> {
  const [node] = await fleet.nodes(1);
  if (!node) throw new Error('no node');
  return node;
}
/** One ticket for all of the node, or the reason why not. */
async function issueAll(node: FakeNode) {
  const { tickets, refused } = await fleet.client.issue.mutate(ask([node], { resources: ALL }));
  return { signed: tickets[0], reason: refused[0]?.reason };
}
const clearsOf = (signed: Signed | undefined) => decodeUnverified('ticket+jwt', signed?.ticket ?? '').claims.clears;
/** What a node that holds grudges could show of these tickets: is the agent named? */
function blamed(node: FakeNode, tickets: Signed[]): boolean {
  const last = tickets.at(-1);
  if (!last) throw new Error('no ticket');
  const refusal = word(node, 'refused', last);
  const held = tickets.slice(0, -1).map(({ ticket }) => ticket);
  const document = {
    format: PROOF_FORMAT,
    node: { urn: node.urn, publicKey: node.key.jwk },
    refusal,
    ticket: last.ticket,
    held,
    leftOut: 0,
  };
  return verifyProof(document).lines.some(({ over }) => over !== null);
}

describe('an agent issues again what was held', () => {
  test('once the node’s receipt is there, which the new ticket carries: the two together accuse nobody', async () => {
    const node = await only();
    const first = (await issueAll(node)).signed;
    if (!first) throw new Error('no ticket');
    expect(clearsOf(first)).toBeUndefined();
    expect((await issueAll(node)).reason?.code).toBe('DELEGATION_SPENT');
    const { iss, jti } = first;
    await fleet.client.returnTickets.mutate({ tickets: [{ iss, jti, receipt: word(node, 'refused', first) }] });
    expect((await issueAll(node)).reason?.code).toBe('DELEGATION_SPENT'); // it may be redeemed yet
    const receipt = word(node, 'released', first);
    await fleet.client.returnTickets.mutate({ tickets: [{ iss, jti, receipt }] });
    const second = (await issueAll(node)).signed;
    if (!second) throw new Error('no second ticket');
    expect(clearsOf(second)).toEqual([receipt]);
    expect(blamed(node, [first, second])).toBe(false);
    expect(blamed(node, [second, first])).toBe(false);
  });

  test('not by its own clock when a window is over: only once the node said so', async () => {
    const node = await only();
    const first = (await issueAll(node)).signed;
    if (!first) throw new Error('no ticket');
    await pool.query(`UPDATE "Ticket" SET "notAfter" = now() - interval '400 s' WHERE jti = $1`, [first.jti]);
    await sweep(pool, { lateMs: 1e9, unreachableMs: 1e9 });
    const { reason } = await issueAll(node);
    expect(reason).toMatchObject({ code: 'DELEGATION_SPENT', facts: { free: 0, resource: 'memoryMiB' } });
    const until = Date.parse(String(reason?.facts.until)) / 1000;
    const { end, graceSeconds } = decodeUnverified('ticket+jwt', first.ticket).claims;
    expect(until).toBe(end + graceSeconds);
    const asked = (await fleet.beat(node)).agents.find(({ urn }) => urn === fleet.agent.urn);
    expect(asked?.wantStanding).toBe(true);
    await say(node, standing(node, { asOf: now() - 200 })); // of before it could know
    expect((await issueAll(node)).reason?.code).toBe('DELEGATION_SPENT');
    await say(node, standing(node, { live: [first] }));
    expect((await issueAll(node)).reason?.code).toBe('DELEGATION_SPENT');
    const newest = standing(node);
    await say(node, newest);
    expect((await fleet.beat(node)).agents[0]?.wantStanding).toBe(false);
    const second = (await issueAll(node)).signed;
    expect(clearsOf(second)).toEqual([newest]);
  });

  test('by a standing that says that it ended, while its window is still open; of a chain of them each carries what it needs', async () => {
    const node = await only();
    const tickets: Signed[] = [];
    for (let i = 0; i < 4; i++) {
      const { signed, reason } = await issueAll(node);
      expect(reason).toBeUndefined();
      if (signed) tickets.push(signed);
      await say(node, standing(node, { ended: tickets }));
    }
    for (const shown of [tickets, tickets.toReversed(), [tickets[0], tickets[3]], [tickets[2], tickets[1]]])
      expect(
        blamed(
          node,
          shown.flatMap((one) => one ?? []),
        ),
      ).toBe(false);
  });

  test('not because the deployment believes that a lease is over', async () => {
    const node = await only();
    const { signed } = await issueAll(node);
    await pool.query(`UPDATE "Ticket" SET state = 'burnt' WHERE jti = $1`, [signed?.jti]);
    expect((await issueAll(node)).reason?.code).toBe('DELEGATION_SPENT');
  });

  test('a hundred times over on a node that holds one: each ticket stays within its size', async () => {
    const node = await only();
    const ended: Signed[] = [];
    for (let i = 0; i < 20; i++) {
      const { signed } = await issueAll(node);
      if (!signed) throw new Error(`no ticket ${i}`);
      ended.push(signed);
      if (i % 5 === 4) await say(node, standing(node, { ended }));
      else {
        const { iss, jti } = signed;
        await fleet.client.returnTickets.mutate({ tickets: [{ iss, jti, receipt: word(node, 'released', signed) }] });
      }
    }
    expect(blamed(node, ended)).toBe(false);
    expect(Math.max(...ended.map(({ ticket }) => ticket.length))).toBeLessThan(32_768);
  });
});

describe('a standing is taken', () => {
  test.each([
    ['of another node', async (node: FakeNode) => standing({ ...node, urn: (await only()).urn }), 'WRONG_NODE'],
    ['under another key', async (node: FakeNode) => standing({ ...node, key: (await only()).key }), 'UNKNOWN_ISSUER'],
    ['about nobody here', async (node: FakeNode) => standing(node, { issuer: node.key.jkt }), 'WRONG_HOLDER'],
    ['from the future', async (node: FakeNode) => standing(node, { asOf: now() + 400 }), 'NOT_YET_VALID'],
    [
      'as a receipt for a ticket',
      async (node: FakeNode) => word(node, 'released', { iss: node.key.jkt, jti: idOf(), ticket: '' }),
      'STATEMENT_MALFORMED',
    ],
  ])('not %s', async (_, made, code) => {
    const node = await only();
    expect(await refusal(say(node, await made(node)))).toBe(code);
  });
});
