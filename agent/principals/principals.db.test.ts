import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { caFingerprint } from '@/protocol/pki/certificate';
import { principalChallenge, proveChallenge } from '@/protocol/pki/challenge';
import { type TlsIdentity, tlsIdentity } from '@/protocol/pki/identity';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey, type IdentityKey } from '@/protocol/statement/keys';
import { decodeUnverified } from '@/protocol/statement/verify';
import { agentClient, anonymousAgentClient, closeClients } from '@/protocol/transport/client';
import { testDatabase } from '@/test/postgres';
import { agentFixture, ask, type FakeNode, refusal } from '../test-fleet';

const database = await testDatabase();
let fleet: Awaited<ReturnType<typeof agentFixture>>;
const identities: TlsIdentity[] = [];

beforeAll(async () => {
  fleet = await agentFixture(database.pool, database.url);
});
afterAll(async () => {
  await Promise.all(identities.map((identity) => closeClients(identity)));
  await fleet.close();
  await database.drop();
});

const sql = (text: string, values: unknown[] = []) => database.pool.query(text, values);
const personUrn = (name: string) => `urn:publicid:IDN+meridian+user+${name}`;

/** A person with a registered key. */
async function person(name: string, { approved = true } = {}) {
  const key = generateIdentityKey();
  const [id, keyId] = [randomUUID(), randomUUID()];
  await sql(`INSERT INTO "User" (id, name, email, urn, "updatedAt") VALUES ($1, $2, $2 || '@example.org', $3, now())`, [
    id,
    name,
    personUrn(name),
  ]);
  await sql(
    `INSERT INTO "PrincipalKey" (id, "userId", name, jkt, "publicKey", "approvedAt") VALUES ($1, $2, 'laptop', $3, $4, $5)`,
    [keyId, id, key.jkt, key.jwk.x, approved ? new Date() : null],
  );
  return { id, keyId, name, key, urn: personUrn(name) };
}
type Someone = Awaited<ReturnType<typeof person>>;

async function certify(who: Pick<Someone, 'urn' | 'key'>, more: { at?: number; proofBy?: IdentityKey } = {}) {
  const at = more.at ?? Math.floor(Date.now() / 1000);
  const facts = { urn: who.urn, publicKey: who.key.jwk, at };
  const proof = proveChallenge(principalChallenge(facts), (more.proofBy ?? who.key).privateKey);
  const { client, close } = anonymousAgentClient(fleet.agent.address, caFingerprint(fleet.ca.certificatePem));
  return await client.certifyPrincipal.mutate({ ...facts, proof }).finally(close);
}

async function clientOf(who: Someone) {
  const { certificate, ca } = await certify(who);
  const identity = tlsIdentity(who.key, certificate, ca);
  identities.push(identity);
  return agentClient(fleet.target(), identity);
}

let slices = 0;
/** A slice that was approved for `slivers` default slivers for a week. */
async function slice(members: Someone[], more: { slivers?: number; ownManager?: boolean; state?: string } = {}) {
  const [id, name] = [randomUUID(), `oslo_s${slices++}`];
  const urn = `urn:publicid:IDN+meridian:oslo+slice+${name}`;
  const { cpuMilli, memoryMiB, diskMiB, networkKbps } = DEFAULT_RESOURCES;
  await sql(
    `INSERT INTO "Slice" (id, name, urn, "siteId", "ownerId", state, spec, "sliverCount", "minimumCount", "cpuMilli", "memoryMiB", "diskMiB",
       "networkKbps", "termSeconds", "graceSeconds", "ownManager", "startsAt", "endsAt")
     VALUES ($1, $2, $3, $4, $5, $6::"SliceState", $7, $8, 1, $9, $10, $11, $12, 604800, 3600, $13, now(), now() + interval '7 days')`,
    [
      id,
      name,
      urn,
      fleet.siteId,
      members[0]?.id,
      more.state ?? 'active',
      { resources: DEFAULT_RESOURCES },
      more.slivers ?? 2,
      cpuMilli,
      memoryMiB,
      diskMiB,
      networkKbps,
      more.ownManager ?? true,
    ],
  );
  for (const member of members)
    await sql(`INSERT INTO "SliceMember" ("sliceId", "userId") VALUES ($1, $2)`, [id, member.id]);
  return { id, name, urn };
}

const request = (who: Someone, of: { urn: string }, nodes: FakeNode[], more: Parameters<typeof ask>[1] = {}) =>
  ask(nodes, { slice: of.urn, sub: who.urn, ...more });

test('a certificate comes by proof of an approved key, holds for an hour, and for nobody else', async () => {
  const ada = await person('cert-ada');
  const { certificate, notAfter, agent } = await certify(ada);
  expect(tlsIdentity(ada.key, certificate, fleet.ca.certificatePem).urn).toBe(ada.urn);
  expect(Date.parse(notAfter) - Date.now()).toBeLessThan(3_601_000);
  expect(agent.urn).toBe(fleet.agent.urn);
  const late = Math.floor(Date.now() / 1000) - 400;
  expect(await refusal(certify(ada, { at: late }))).toBe('EXPIRED');
  expect(await refusal(certify(ada, { proofBy: generateIdentityKey() }))).toBe('BAD_SIGNATURE');
  expect(await refusal(certify({ urn: personUrn('someone'), key: ada.key }))).toBe('NOT_FOUND');
  expect(await refusal(certify({ urn: ada.urn, key: generateIdentityKey() }))).toBe('NOT_FOUND');
  expect(await refusal(certify({ urn: fleet.agent.urn, key: ada.key }))).toBe('INVALID_INPUT');
  expect(await refusal(certify(await person('waiting', { approved: false })))).toBe('WRONG_STATE');
  await sql(`UPDATE "User" SET "disabledAt" = now() WHERE id = $1`, [ada.id]);
  expect(await refusal(certify(ada))).toBe('REVOKED');
});

test('tickets come for one’s own slice, name the key that asked, and are listed again', async () => {
  const [ada, bob] = [await person('own-ada'), await person('own-bob')];
  const nodes = await fleet.nodes(2);
  const of = await slice([ada, bob]);
  const [client, others] = [await clientOf(ada), await clientOf(bob)];
  const asked = request(ada, of, nodes);
  const { tickets, refused } = await client.issue.mutate(asked);
  expect(refused).toEqual([]);
  const { claims } = decodeUnverified('ticket+jwt', tickets[0]?.ticket ?? '');
  expect(claims).toMatchObject({ cnf: { jkt: ada.key.jkt }, sub: ada.urn, slice: of.urn });
  expect(await client.issue.mutate(asked)).toEqual({ tickets, refused });
  const listed = await client.ownTickets.query({ slice: of.urn });
  expect(listed.tickets.map((one) => one.ticket).sort()).toEqual(tickets.map((one) => one.ticket).sort());
  expect(listed.tickets[0]?.dial?.address).toBe('localhost:7430');
  expect((await others.ownTickets.query({})).tickets).toEqual([]); // of another key, though of the same slice
  expect((await client.ownSlices.query()).slices).toMatchObject([{ name: of.name, held: 2, slivers: 2 }]);
  expect((await client.advertisements.query({})).total).toBeGreaterThan(1);
});

test('each refusal has its reason', async () => {
  const [ada, eve] = [await person('no-ada'), await person('no-eve')];
  const nodes = await fleet.nodes(3);
  const client = await clientOf(ada);
  const code = (of: { urn: string }, more: Parameters<typeof ask>[1] = {}, some = nodes.slice(0, 1)) =>
    refusal(client.issue.mutate(request(ada, of, some, more)));
  const of = await slice([ada]);
  const big = (change: object) => ({ resources: { ...DEFAULT_RESOURCES, ...change } });
  const now = Math.floor(Date.now() / 1000);
  expect(await code(await slice([eve]))).toBe('NOT_FOUND');
  expect(await code({ urn: 'urn:publicid:IDN+meridian+slice+none' })).toBe('NOT_FOUND');
  expect(await code(await slice([ada], { ownManager: false }))).toBe('WRONG_STATE');
  expect(await code(await slice([ada], { state: 'requested' }))).toBe('WRONG_STATE');
  expect(await code(await slice([ada], { state: 'suspended' }))).toBe('WRONG_STATE');
  expect(await code(await slice([ada], { state: 'deleted' }))).toBe('NOT_FOUND');
  expect(await code(of, { sub: eve.urn })).toBe('INVALID_INPUT');
  expect(await code(of, big({ memoryMiB: DEFAULT_RESOURCES.memoryMiB + 1 }))).toBe('BEYOND_APPROVAL');
  expect(await code(of, big({ cpuShare: 1000 }))).toBe('BEYOND_APPROVAL');
  expect(await code(of, big({ pidsMax: DEFAULT_RESOURCES.pidsMax + 1 }))).toBe('BEYOND_APPROVAL');
  expect(await code(of, { end: now + 8 * 86_400 })).toBe('BEYOND_APPROVAL');
  expect(await code(of, { start: now - 3600, end: now + 60 })).toBe('BEYOND_APPROVAL');
  expect(await code(of, { graceSeconds: 3601 })).toBe('BEYOND_APPROVAL');
  expect(await code(of, {}, nodes)).toBe('BEYOND_APPROVAL');
  expect((await client.issue.mutate(request(ada, of, nodes.slice(0, 2)))).tickets).toHaveLength(2);
  expect(await code(of, {}, nodes.slice(2))).toBe('BEYOND_APPROVAL');
  // What the others may do stays the others'.
  expect(await refusal(fleet.client.ownSlices.query())).toBe('NOT_ALLOWED');
  expect(await refusal(fleet.clientOf(nodes[0] as FakeNode).issue.mutate(request(ada, of, nodes)))).toBe('NOT_ALLOWED');
  const [node] = nodes;
  if (!node) throw new Error('no node');
  expect(await refusal(client.heartbeat.mutate(null as never))).toBe('NOT_ALLOWED');
  expect(await refusal(client.delegate.mutate({ delegation: fleet.delegation(node) }))).toBe('NOT_ALLOWED');
});

test('of many who ask at once for the last places of a slice, none gets more than was approved', async () => {
  const ada = await person('race-ada');
  const nodes = await fleet.nodes(8);
  const of = await slice([ada], { slivers: 3 });
  const client = await clientOf(ada);
  const answers = await Promise.allSettled(nodes.map((node) => client.issue.mutate(request(ada, of, [node]))));
  expect(answers.filter((one) => one.status === 'fulfilled')).toHaveLength(3);
});

test('a key that is taken back, or a person who is disabled, is refused at the next call', async () => {
  const ada = await person('gone-ada');
  const client = await clientOf(ada);
  await client.ownSlices.query();
  await sql(`UPDATE "PrincipalKey" SET "revokedAt" = now() WHERE id = $1`, [ada.keyId]);
  expect(await refusal(client.ownSlices.query())).toBe('REVOKED');
  expect(await refusal(client.advertisements.query({}))).toBe('REVOKED');
  await sql(`UPDATE "PrincipalKey" SET "revokedAt" = NULL, "approvedAt" = NULL WHERE id = $1`, [ada.keyId]);
  expect(await refusal(client.ownSlices.query())).toBe('WRONG_STATE');
  await sql(`UPDATE "PrincipalKey" SET "approvedAt" = now() WHERE id = $1`, [ada.keyId]);
  await sql(`UPDATE "User" SET "disabledAt" = now() WHERE id = $1`, [ada.id]);
  expect(await refusal(client.ownTickets.query({}))).toBe('REVOKED');
});

test('one key that asks too fast waits; another does not', async () => {
  const [ada, bob] = [await clientOf(await person('fast-ada')), await clientOf(await person('fast-bob'))];
  const codes = await Promise.all(Array.from({ length: 140 }, () => refusal(ada.ownSlices.query())));
  expect(codes).toContain('RATE_LIMITED');
  expect((await bob.ownSlices.query()).slices).toEqual([]);
});

test('what nodes say of leases that others hold counts in the books until they end, grace and all', async () => {
  const ada = await person('held-ada');
  const [node] = await fleet.nodes(1);
  if (!node) throw new Error('no node');
  const of = await slice([ada]);
  const client = await clientOf(ada);
  const { tickets } = await client.issue.mutate(request(ada, of, [node]));
  const [ticket] = tickets;
  if (!ticket) throw new Error('no ticket');
  const now = Math.floor(Date.now() / 1000);
  const free = async () => {
    const { advertisements } = await client.advertisements.query({ nodes: [node.urn] });
    return advertisements[0]?.free.memoryMiB;
  };
  const all = 1024;
  const less = all - DEFAULT_RESOURCES.memoryMiB;
  const report = {
    slice: of.urn,
    sliver: 'urn:publicid:IDN+meridian+sliver+x',
    leaseJti: 'L'.repeat(22),
    state: 'running' as const,
    reason: null,
    since: new Date().toISOString(),
    held: {
      holder: ada.key.jkt,
      ticket: { iss: ticket.iss, jti: ticket.jti },
      start: now,
      end: now + 60,
      graceSeconds: 3600,
    },
  };
  expect(await free()).toBe(less);
  await fleet.beat(node, { slivers: [report], sliverCount: 1 });
  await sql(
    `UPDATE "Ticket" SET "notAfter" = now() - interval '1 hour', "endsAt" = now() - interval '1 s' WHERE jti = $1`,
    [ticket.jti],
  );
  expect(await free()).toBe(less); // its grace
  expect((await client.ownLeases.query()).leases).toMatchObject([{ node: node.urn, slice: of.urn, state: 'running' }]);
  expect((await client.ownSlices.query()).slices[0]?.held).toBe(1);
  const answer = await fleet.beat(node, { seq: 1, slivers: [report], sliverCount: 1 });
  expect(answer.wantFull).toBe(false); // it is known, though it is none of ours
  await fleet.beat(node, { seq: 2, full: true, slivers: [] });
  expect(await free()).toBe(all);
  expect((await client.ownLeases.query()).leases).toEqual([]);
});

test('tickets are given back by whom they were made out to', async () => {
  const [ada, bob] = [await person('back-ada'), await person('back-bob')];
  const nodes = await fleet.nodes(1);
  const of = await slice([ada, bob]);
  const [client, others] = [await clientOf(ada), await clientOf(bob)];
  const { tickets } = await client.issue.mutate(request(ada, of, nodes));
  const { iss = '', jti = '' } = tickets[0] ?? {};
  const back = { tickets: [{ iss, jti, receipt: 'x.y.z' }] };
  expect(await refusal(others.returnTickets.mutate(back))).toBe('NOT_FOUND');
  expect(await refusal(client.returnTickets.mutate(back))).toBe('STATEMENT_MALFORMED');
});
