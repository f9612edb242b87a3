import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey, type IdentityKey } from '@/protocol/statement/keys';
import { verifyTicket } from '@/protocol/statement/ticket';
import { testDatabase } from '@/test/postgres';
import { type Issuer, issueTickets } from './issue';
import { type PassOn, passOn } from './pass-on';
import { inTransaction } from './store/database';
import { agentFixture, ask, type FakeNode, OFFER } from './test-fleet';

const database = await testDatabase();
const { pool } = database;
let fleet: Awaited<ReturnType<typeof agentFixture>>;
let own: Issuer;
beforeAll(async () => {
  fleet = await agentFixture(pool, database.url);
  const { rows } = await pool.query<{ id: string }>(`SELECT id::text FROM "Agent"`);
  own = { pool, agentId: rows[0]?.id ?? '', urn: fleet.agent.urn, authority: 'meridian', key: fleet.agent.key };
});
afterAll(async () => {
  await fleet.close();
  await database.drop();
});

/** Another agent that the deployment knows, with a key of its own. */
async function another(key: IdentityKey = generateIdentityKey()) {
  const id = randomUUID();
  const urn = `urn:publicid:IDN+meridian+authority+am.${id.slice(0, 8)}`;
  await pool.query(`INSERT INTO "Agent" (id, urn, jkt, "publicKey", address) VALUES ($1, $2, $3, $4, 'localhost:1')`, [
    id,
    urn,
    key.jkt,
    key.jwk.x,
  ]);
  const issuer: Issuer = { ...own, agentId: id, key };
  return { ...issuer, grantee: { agentId: id, publicKey: key.jwk, urn } };
}
type Other = Awaited<ReturnType<typeof another>>;

const seconds = () => Math.floor(Date.now() / 1000);
const part = (node: FakeNode, over: Partial<PassOn> = {}): PassOn => {
  return { node: node.urn, part: { shareMilli: 500 }, degreeMilli: 1000, until: seconds() + 30 * 86_400, ...over };
};
const give = (from: Issuer, to: Other, ...parts: PassOn[]) =>
  inTransaction(pool, (tx) => passOn(tx, from, to.grantee, parts, Date.now()));
/** What became of it: the codes of the refusals, or `passed`. */
const outcome = async (from: Issuer, to: Other, ...parts: PassOn[]) => {
  const { passed, refused } = await give(from, to, ...parts);
  return [...passed.map(() => 'passed'), ...refused.map((one) => one.reason.code)].join();
};
const peer = () => ({
  kind: 'service-manager' as const,
  urn: 'urn:publicid:IDN+meridian+authority+sm',
  jkt: fleet.sm.jkt,
});
const issue = (from: Issuer, node: FakeNode, share = 1) => {
  const amounts = { cpuMilli: OFFER.cpuMilli * share, memoryMiB: 1, diskMiB: 1, networkKbps: 1 };
  const request = ask([node], { resources: { ...DEFAULT_RESOURCES, ...amounts } });
  return issueTickets(from, peer(), { ...request, redeemSeconds: 3600 }, Date.now());
};
const contextOf = (node: FakeNode) => ({
  nodeUrn: node.urn,
  nodeJwk: node.key.jwk,
  incarnation: node.incarnation,
  now: Date.now(),
  revokedKeys: new Set<string>(),
  holderJkt: fleet.sm.jkt,
});

test('what was passed on twice is issued from, and the node verifies the whole chain by itself', async () => {
  const [node] = await fleet.nodes(1);
  const [second, third] = [await another(), await another()];
  if (!node) throw new Error('no node');
  const { passed } = await give(own, second, part(node));
  expect(passed[0]?.chain).toHaveLength(2);
  expect(await outcome(second, third, part(node))).toBe('passed');
  const { tickets } = await issue(third, node, 0.25);
  const { chain } = verifyTicket(tickets[0]?.ticket ?? '', contextOf(node));
  expect(chain.map((link) => link.rights.cpuMilli)).toEqual([1000, 500, 250].map((n) => (OFFER.cpuMilli * n) / 1000));
  expect(chain.at(-1)?.granteeJkt).toBe(third.key.jkt);
  expect((await issue(third, node, 0.25)).refused[0]?.reason.code).toBe('DELEGATION_SPENT');
  expect((await fleet.beat(node)).agents[0]?.holds).not.toBeNull();

  // A link above that is taken back leaves nothing to issue from; so does a root that took its place.
  await pool.query(`UPDATE "Delegation" SET "revokedAt" = now() WHERE id = $1`, [passed[0]?.id]);
  expect((await issue(third, node, 0.01)).refused[0]?.reason.code).toBe('NOT_DELEGATED');
});

test('what is passed on and what is issued never exceed what is held, also when both are asked at once', async () => {
  const nodes = await fleet.nodes(6);
  const [second, third] = [await another(), await another()];
  await Promise.all(Array.from({ length: 10 }, () => pool.query('SELECT pg_sleep(0.05)'))); // connections for all
  const four = nodes.map((node) => part(node, { part: { shareMilli: 400 } }));
  const reversed = four.toReversed();
  const given = [second, third, second, third].map(
    async (to, i) => (await give(own, to, ...(i % 2 ? four : reversed))).passed,
  );
  const issued = [nodes, nodes.toReversed()].map(async (of) => {
    const resources = {
      ...DEFAULT_RESOURCES,
      cpuMilli: OFFER.cpuMilli * 0.4,
      memoryMiB: 1,
      diskMiB: 1,
      networkKbps: 1,
    };
    return (await issueTickets(own, peer(), { ...ask(of, { resources }), redeemSeconds: 3600 }, Date.now())).tickets;
  });
  const all = (await Promise.all([...given, ...issued])).flat();
  for (const node of nodes) expect(all.filter((one) => one.node === node.urn)).toHaveLength(2);
});

test('a line counts once, by the most that is in force of it; what ended or was revoked counts no more', async () => {
  const [node] = await fleet.nodes(1);
  const [second, third] = [await another(), await another()];
  if (!node) throw new Error('no node');
  const { passed } = await give(own, second, part(node, { part: { shareMilli: 1000 } }));
  const line = passed[0]?.claims.line ?? '';
  expect(passed[0]?.claims).toMatchObject({ line: passed[0]?.claims.jti, rights: OFFER });
  expect(await outcome(own, third, part(node))).toBe('DELEGATION_SPENT');
  expect((await issue(own, node, 0.1)).refused[0]?.reason.code).toBe('DELEGATION_SPENT');

  const narrowed = await give(own, second, part(node, { line }));
  expect(narrowed.passed[0]?.claims).toMatchObject({ line, rights: { cpuMilli: OFFER.cpuMilli / 2 } });
  expect(await outcome(own, third, part(node))).toBe('DELEGATION_SPENT'); // the wider one is still out
  await pool.query(`UPDATE "Delegation" SET "revokedAt" = now() WHERE id = $1`, [passed[0]?.id]);
  // A holder of the wider one could show it beside another's: it counts until it ends, for a delegation carries no word of the node.
  expect(await outcome(own, third, part(node))).toBe('DELEGATION_SPENT');
  await pool.query(`UPDATE "Delegation" SET "notAfter" = now() - interval '1 hour' WHERE id = $1`, [passed[0]?.id]);
  expect(await outcome(own, third, part(node))).toBe('passed');
  expect(await outcome(own, third, part(node))).toBe('DELEGATION_SPENT');
});

test('an oversubscribed part counts as much as may be issued of it', async () => {
  const [node] = await fleet.nodes(1, { degreeMilli: 2000 });
  const second = await another();
  if (!node) throw new Error('no node');
  expect(await outcome(own, second, part(node, { part: { shareMilli: 750 }, degreeMilli: 2000 }))).toBe('passed');
  expect((await issue(own, node, 0.5)).tickets).toHaveLength(1);
  expect((await issue(own, node, 0.01)).refused[0]?.reason.code).toBe('DELEGATION_SPENT');
});

test('refuses what no node would take, and to give to who gave', async () => {
  const [node, bare] = await fleet.nodes(2);
  const [second, third] = [await another(), await another()];
  if (!node || !bare) throw new Error('no node');
  await pool.query(`DELETE FROM "Delegation" WHERE "nodeId" = $1`, [bare.id]);
  const more = { rights: { ...OFFER, cpuMilli: OFFER.cpuMilli + 1 } };
  expect(await outcome(own, second, part(node, { part: more }))).toBe('EXCEEDS_PARENT');
  expect(await outcome(own, second, part(node, { degreeMilli: 1001, part: { shareMilli: 100 } }))).toBe(
    'EXCEEDS_PARENT',
  );
  expect(await outcome(own, second, part(node, { until: seconds() - 601 }))).toBe('STATEMENT_MALFORMED');
  expect(await outcome(own, second, part(bare))).toBe('NOT_DELEGATED');
  expect(await outcome(own, second, { ...part(node), node: 'urn:publicid:IDN+meridian+node+none' })).toBe(
    'NOT_ADVERTISED',
  );
  const back = { ...third, grantee: { ...third.grantee, publicKey: fleet.agent.key.jwk } };
  expect(await outcome(own, back, part(node))).toBe('CHAIN_BROKEN');
  expect(await outcome({ ...own, key: third.key }, second, part(node))).toBe('NOT_DELEGATED');
  expect(await outcome(own, second, part(node, { until: seconds() + 900 * 86_400 }))).toBe('passed');
  const { rows } = await pool.query(
    `SELECT d."notAfter" <= p."notAfter" AS inside FROM "Delegation" d JOIN "Delegation" p ON p.id = d."parentId" WHERE d."nodeId" = $1`,
    [node.id],
  );
  expect(rows).toEqual([{ inside: true }]);

  let holder = second;
  for (let links = 2; links < 8; links++) {
    const next = await another();
    expect(await outcome(holder, next, part(node))).toBe('passed');
    holder = next;
  }
  expect(await outcome(holder, await another(), part(node))).toBe('CHAIN_TOO_DEEP');
});
