import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { GrantedOutput } from '@/protocol/agent/partners';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey } from '@/protocol/statement/keys';
import { signChild } from '@/protocol/statement/pass-on';
import { signStatement } from '@/protocol/statement/sign';
import { verifyTicket } from '@/protocol/statement/ticket';
import { agentClient, closeClients } from '@/protocol/transport/client';
import { PartnerIdentity } from '@/protocol/transport/partner-identity';
import { testDatabase } from '@/test/postgres';
import { readHosts } from '../store/host-nodes';
import { agentFixture, ask, type FakeNode, OFFER, refusal } from '../test-fleet';
import { takeGranted } from './follow-host';
import { inviteGuest, pasteToken } from './test-partners';

const [atA, atB] = [await testDatabase(), await testDatabase()];
let a: Awaited<ReturnType<typeof agentFixture>>;
let b: Awaited<ReturnType<typeof agentFixture>>;
let nodes: FakeNode[];

beforeAll(async () => {
  a = await agentFixture(atA.pool, atA.url);
  b = await agentFixture(atB.pool, atB.url, 'b.example');
  const { token } = await inviteGuest(a, atA.pool, 'b.example');
  await pasteToken(b, atB.pool, 'meridian', token);
  nodes = await a.nodes(4);
  await vi.waitFor(async () => expect((await b.client.advertisements.query({})).total).toBe(0));
  await until(async () => {
    const { rows } = await atB.pool.query(`SELECT FROM "Partner" WHERE state = 'active' AND gives`);
    expect(rows).toHaveLength(1);
  });
});
afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
});

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 100 });
const grant = (some: readonly FakeNode[], shareMilli: number, days = 20) =>
  atA.pool.query(
    `INSERT INTO "PartnerGrant" (id, "partnerId", "nodeId", "shareMilli", "degreeMilli", until)
     SELECT gen_random_uuid(), p.id, n, $2, 1000, now() + make_interval(days => $3) FROM unnest($1::uuid[]) AS n, "Partner" p WHERE p.authority = 'b.example'
     ON CONFLICT ("partnerId", "nodeId") DO UPDATE SET "shareMilli" = $2, until = excluded.until, "endedAt" = NULL`,
    [some.map((node) => node.id), shareMilli, days],
  );
const offered = async () => (await b.client.advertisements.query({})).advertisements;
const links = async (node: FakeNode) =>
  (
    await atA.pool.query(
      `SELECT jti, line, "cpuMilli" AS cpu, "revokedAt" IS NULL AS counts, date_part('epoch', "notAfter") AS exp FROM "Delegation"
       WHERE "nodeId" = $1 AND "issuerId" IS NOT NULL ORDER BY "createdAt"`,
      [node.id],
    )
  ).rows;
const want = (node: FakeNode, cpuMilli: number, authority = 'b.example') =>
  ask([node], {
    slice: `urn:publicid:IDN+${authority}+slice+lab_a`,
    sub: `urn:publicid:IDN+${authority}+user+bea`,
    resources: { ...DEFAULT_RESOURCES, cpuMilli, memoryMiB: 64, diskMiB: 64, networkKbps: 100 },
    end: Math.floor(Date.now() / 1000) + 3600,
  });
const verify = (node: FakeNode, ticket: string) =>
  verifyTicket(ticket, {
    nodeUrn: node.urn,
    nodeJwk: node.key.jwk,
    incarnation: node.incarnation,
    now: Date.now(),
    revokedKeys: new Set(),
    holderJkt: b.smKey.jkt,
  });

test('nodes that are granted are the partner’s to issue tickets for, as far as the part goes, and the node can tell', async () => {
  const [one, two, three] = nodes;
  if (!one || !two || !three) throw new Error('no nodes');
  await grant([one, two, three], 500);
  await until(async () =>
    expect((await offered()).map((ad) => ad.node).sort()).toEqual([one, two, three].map((n) => n.urn).sort()),
  );
  const ad = (await offered())[0];
  expect(ad).toMatchObject({ capacity: OFFER, free: { cpuMilli: OFFER.cpuMilli / 2 }, reachability: 'online' });
  expect(ad?.site).toBe('oslo.meridian');

  const { tickets, refused } = await b.client.issue.mutate(want(one, OFFER.cpuMilli / 2));
  expect(refused).toEqual([]);
  const { chain } = verify(one, tickets[0]?.ticket ?? '');
  expect(chain.map((link) => link.granteeJkt)).toEqual([a.agent.key.jkt, b.agent.key.jkt]);
  expect((await b.client.issue.mutate(want(one, 1))).refused[0]?.reason.code).toBe('DELEGATION_SPENT');
  // What was given away is A's no more.
  expect((await a.client.issue.mutate(want(two, OFFER.cpuMilli * 0.6, 'meridian'))).refused[0]?.reason.code).toBe(
    'DELEGATION_SPENT',
  );
  expect((await a.client.issue.mutate(want(two, OFFER.cpuMilli * 0.5, 'meridian'))).tickets).toHaveLength(1);
  // Nothing is signed twice.
  expect(await links(one)).toHaveLength(1);
});

test('narrowed to a smaller part: a new link on the same line, the old one taken back, and nobody gets more', async () => {
  const [, , three] = nodes;
  if (!three) throw new Error('no node');
  await grant([three], 250);
  await until(async () =>
    expect((await links(three)).map((one) => [one.cpu, one.counts])).toEqual([
      [500, false],
      [250, true],
    ]),
  );
  const [before, now] = await links(three);
  expect(now.line).toBe(before.line);
  const { rows } = await atA.pool.query(`SELECT kind, "endLeases" FROM "Revocation" WHERE jti = $1`, [before.jti]);
  expect(rows).toEqual([{ kind: 'delegation', endLeases: false }]);
  await until(async () => {
    const ad = (await offered()).find((one) => one.node === three.urn);
    expect(ad?.free.cpuMilli).toBe(250);
  });
  expect((await b.client.issue.mutate(want(three, 251))).refused[0]?.reason.code).toBe('DELEGATION_SPENT');
  expect((await b.client.issue.mutate(want(three, 250))).tickets).toHaveLength(1);
});

test('a longer or shorter grant is signed anew; a node without a word of its own waits', async () => {
  const [, , three, four] = nodes;
  if (!three || !four) throw new Error('no node');
  const before = (await links(three)).at(-1);
  await grant([three], 250, 10);
  await until(async () => expect((await links(three)).at(-1)?.exp).toBeLessThan(before.exp));
  await atA.pool.query(`UPDATE "Delegation" SET "revokedAt" = now() WHERE "nodeId" = $1`, [four.id]);
  await grant([four], 500);
  await until(async () => expect((await links(three)).at(-1)?.counts).toBe(true));
  expect(await links(four)).toHaveLength(0);
});

test('what is taken back is gone at the partner, with why; a node that comes back is there again', async () => {
  const [one, two] = nodes;
  if (!one || !two) throw new Error('no node');
  await atA.pool.query(`UPDATE "PartnerGrant" SET "endedAt" = now() WHERE "nodeId" = $1`, [one.id]);
  await atA.pool.query(`UPDATE "Delegation" SET "revokedAt" = now() WHERE "nodeId" = $1 AND "issuerId" IS NOT NULL`, [
    one.id,
  ]);
  await until(async () => expect((await offered()).map((ad) => ad.node)).not.toContain(one.urn));
  expect((await b.client.issue.mutate(want(one, 1))).refused[0]?.reason.code).toBe('NOT_DELEGATED');
  await atA.pool.query(`UPDATE "NodeKey" SET "revokedAt" = now() WHERE "nodeId" = $1`, [two.id]);
  await until(async () => expect((await offered()).map((ad) => ad.node)).not.toContain(two.urn));
  await atA.pool.query(`UPDATE "NodeKey" SET "revokedAt" = NULL WHERE "nodeId" = $1`, [two.id]);
  await until(async () => expect((await offered()).map((ad) => ad.node)).toContain(two.urn));
});

test('a partner cannot take over what is another’s here: names, keys and sites stay whose they are', async () => {
  const [own] = await b.nodes(1);
  if (!own) throw new Error('no node');
  const before = await atB.pool.query(`SELECT id, hostname, "partnerId" FROM "Node" WHERE urn = $1`, [own.urn]);
  // A has a node of the very name of B's own (whoever made it so).
  const clash = nodes[1];
  await atA.pool.query(`UPDATE "Node" SET urn = $2, hostname = 'stolen' WHERE id = $1`, [clash?.id, own.urn]);
  await until(async () => expect((await offered()).map((ad) => ad.node)).not.toContain(clash?.urn));
  const after = await atB.pool.query(`SELECT id, hostname, "partnerId" FROM "Node" WHERE urn = $1`, [own.urn]);
  expect(after.rows).toEqual(before.rows);
  expect((await offered()).map((ad) => ad.node)).toContain(own.urn);
});

test('a partner cannot give us a node under our own authority’s name, were its chain good', async () => {
  const made = generateIdentityKey();
  const urn = 'urn:publicid:IDN+b.example:oslo+node+new1';
  const [node] = nodes;
  if (!node) throw new Error('no node');
  const root = { iss: made.jkt, jti: 'r'.repeat(22), node: urn, grantee: a.agent.key.jwk, granteeUrn: a.agent.urn };
  const [nbf, exp] = [Math.floor(Date.now() / 1000) - 60, Math.floor(Date.now() / 1000) + 86_400];
  const rights = { rights: OFFER, degreeMilli: 1000, incarnation: 'incarnation-of-it', nbf, exp };
  const first = signStatement('delegation+jwt', { ...root, line: a.agent.key.jkt, ...rights }, made);
  const terms = { grantee: b.agent.key.jwk, granteeUrn: b.agent.urn, rights: OFFER, degreeMilli: 1000, nbf, exp };
  const second = signChild([first], terms, a.agent.key).text;
  const said = (name: string): GrantedOutput => ({
    at: new Date().toISOString(),
    epoch: 'e',
    seq: 1,
    full: false,
    gone: [],
    nodes: [
      {
        urn: name,
        hostname: 'new1.oslo',
        site: { loginBase: 'oslo', name: 'Oslo', country: null, latitude: null, longitude: null },
        country: null,
        city: null,
        latitude: null,
        longitude: null,
        address: '127.0.0.1:1',
        publicKey: made.jwk,
        incarnation: 'incarnation-of-it',
        bootState: 'boot',
        adminSwitch: 'open',
        reachability: 'online',
        simulated: true,
        driver: 'simulated',
        capacity: OFFER,
        free: OFFER,
        slivers: 0,
        images: [],
        chain: [first, second],
      },
    ],
  });
  const [host] = await readHosts(atB.pool);
  const { rows } = await atB.pool.query<{ id: string }>(`SELECT id::text FROM "Agent" WHERE urn = $1`, [b.agent.urn]);
  if (!host || !rows[0]) throw new Error('no partner');
  const issuer = { pool: atB.pool, agentId: rows[0].id, urn: b.agent.urn, authority: 'b.example', key: b.agent.key };
  const leftOut = await takeGranted(issuer, host, said(urn), Date.now());
  expect(leftOut).toMatchObject([{ urn, why: expect.stringContaining('own name') }]);
  expect((await atB.pool.query(`SELECT FROM "Node" WHERE urn = $1`, [urn])).rowCount).toBe(0);
});

test('who is no partner any more hears nothing, also one who waits just now', async () => {
  const host = { authority: 'meridian', agentAddress: a.agent.address, caPem: a.ca.certificatePem };
  const identity = new PartnerIdentity(host, { authority: 'b.example', part: 'am', key: b.agent.key });
  await identity.ready();
  const client = agentClient(a.target(), identity.source);
  const first = await client.granted.query({ since: null, waitMs: 0 });
  const waiting = refusal(client.granted.query({ since: { epoch: first.epoch, seq: 1_000_000 }, waitMs: 15_000 }));
  await atA.pool.query(`UPDATE "Partner" SET state = 'ended' WHERE authority = 'b.example'`);
  expect(await waiting).toBe('REVOKED');
  await closeClients(identity.source);
  await until(async () => {
    const { rows } = await atB.pool.query(`SELECT problem FROM "Partner" WHERE authority = 'meridian'`);
    expect(rows[0]?.problem).toMatchObject({ code: 'REVOKED' });
  });
});
