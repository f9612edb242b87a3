import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Person } from '@/server/services/policy';
import { requestSlice } from '@/server/services/requests/request-slice';
import { seedNodes, seedPerson, seedQueue, seedSite, someSpec } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { listRevocations } from './list';
import { previewRevocation } from './preview';
import { restore } from './restore';
import { revoke } from './revoke';

const { db, url } = await testPrisma();
const now = new Date();
const amounts = { cpuMilli: 1, memoryMiB: 1, diskMiB: 1, networkKbps: 1 };
let operator: Person;
let member: Person;
let tech: Person;
let nodes: { id: string; hostname: string; urn: string }[];
let root: { id: string; agentId: string };
let child: { id: string; jti: string };
const pool = new pg.Pool({ connectionString: url, max: 4 });
afterAll(() => pool.end());

const payload = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;
const id = () => randomUUID().replaceAll('-', '');

/** A ticket of an agent under these delegations, with a running sliver when `leased`. */
async function ticket(agentId: string, nodeId: string, links: { iss: string; jti: string }[], leased: boolean) {
  const times = {
    startsAt: now,
    endsAt: new Date(now.getTime() + 3_600_000),
    notBefore: now,
    notAfter: new Date(now.getTime() + 600_000),
  };
  const { name } = await requestSlice(db, member, someSpec('home'), now);
  const slice = await db.slice.findFirstOrThrow({ where: { name } });
  const sliver = await db.sliver.create({
    data: { sliceId: slice.id, nodeId, reported: leased ? 'running' : 'ticketed' },
  });
  const text = payload({ chain: links.map(payload) });
  const made = {
    iss: 'agent',
    jti: id(),
    agentId,
    nodeId,
    sliceUrn: 'u',
    sliceId: slice.id,
    sliverId: sliver.id,
    text,
    ...amounts,
    ...times,
  };
  await db.ticket.create({ data: { ...made, state: leased ? 'redeemed' : 'issued' } });
  if (leased)
    await db.lease.create({
      data: {
        sliverId: sliver.id,
        iss: nodeId,
        jti: id(),
        text: '',
        startsAt: now,
        endsAt: times.endsAt,
        graceSeconds: 60,
      },
    });
  return { ...made, sliver: sliver.id };
}

beforeAll(async () => {
  await seedQueue(url);
  const site = await seedSite(db, 'home');
  operator = await seedPerson(db, { operator: true });
  member = await seedPerson(db, { roles: [[site.id, 'researcher']] });
  tech = await seedPerson(db, { roles: [[site.id, 'tech']] });
  await seedNodes(db, site.id, 3, now);
  nodes = await db.node.findMany({ orderBy: { hostname: 'asc' } });
  root = await db.delegation.findFirstOrThrow({ where: { nodeId: nodes[0]?.id ?? '' } });
  const other = await db.agent.create({
    data: {
      urn: 'urn:publicid:IDN+meridian:partner+authority+am',
      jkt: 'other',
      publicKey: '',
      address: 'localhost:2',
    },
  });
  const { id: _, ...row } = await db.delegation.findUniqueOrThrow({ where: { id: root.id } });
  child = await db.delegation.create({
    data: {
      ...row,
      iss: 'agent',
      jti: 'child',
      parentId: root.id,
      issuerId: root.agentId,
      agentId: other.id,
      granteeJkt: 'other',
    },
  });
  await db.heartbeat.updateMany({ where: { nodeId: nodes[2]?.id ?? '' }, data: { reachability: 'unreachable' } });
});

test('what goes is shown before, in full, and only to who may take it back', async () => {
  const node = nodes[0]?.id ?? '';
  const rootLink = { iss: node, jti: 'd' };
  await ticket(root.agentId, node, [rootLink], false);
  await ticket(root.agentId, node, [rootLink], true);
  await ticket(
    (await db.delegation.findUniqueOrThrow({ where: { id: child.id } })).agentId,
    node,
    [rootLink, { iss: 'agent', jti: 'child' }],
    false,
  );
  await ticket(root.agentId, nodes[1]?.id ?? '', [{ iss: nodes[1]?.id ?? '', jti: 'd' }], false);
  const target = { kind: 'delegation' as const, ids: [root.id] };
  const seen = await previewRevocation(db, tech, target);
  expect(seen).toMatchObject({
    delegations: 2,
    tickets: 2,
    leases: 1,
    slivers: 3,
    sliceCount: 3,
    peopleCount: 1,
    final: false,
  });
  expect(seen.slices.map((one) => one.slivers)).toEqual([1, 1, 1]);
  expect(seen.nodes).toEqual({ total: 1, online: 1, away: [] });
  await expect(previewRevocation(db, member, target)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  const passedOn = { kind: 'delegation' as const, ids: [child.id] };
  await expect(previewRevocation(db, tech, passedOn)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  expect(await previewRevocation(db, operator, passedOn)).toMatchObject({ delegations: 1, tickets: 1, leases: 0 });
  expect(await db.revocation.count()).toBe(0);
});

test('done, it is all there at once: links below, void tickets, why for slivers and people, the trail', async () => {
  const act = await revoke(
    db,
    operator,
    { target: { kind: 'delegation', ids: [child.id] }, endLeases: false, reason: 'ended' },
    now,
  );
  expect(act).toMatchObject({ delegations: 1, tickets: 1, leases: 0 });
  expect(await db.delegation.findUniqueOrThrow({ where: { id: root.id } })).toMatchObject({ revokedAt: null });
  const all = await revoke(
    db,
    tech,
    { target: { kind: 'delegation', ids: [root.id] }, endLeases: true, reason: 'moved' },
    now,
  );
  expect(all).toMatchObject({ delegations: 1, tickets: 1, leases: 1 });
  expect(all.number).toBeGreaterThan(act.number);
  expect(await db.ticket.groupBy({ by: ['state'], _count: true, orderBy: { state: 'asc' } })).toEqual([
    { state: 'issued', _count: 1 },
    { state: 'redeemed', _count: 1 },
    { state: 'void', _count: 2 },
  ]);
  const told = await db.sliver.findMany({ where: { nodeId: nodes[0]?.id ?? '' } });
  expect(told.map(({ reason }) => reason)).toEqual(
    Array(3).fill(
      expect.objectContaining({ code: 'AUTHORITY_REVOKED', facts: expect.objectContaining({ kind: 'delegation' }) }),
    ),
  );
  expect(await db.notification.count({ where: { userId: member.id, kind: 'authority-revoked' } })).toBe(3);
  expect(await db.auditEvent.count({ where: { action: 'trust.revoked' } })).toBe(2);
});

test('it is told who has heard, and it can be given back', async () => {
  const [newest] = await listRevocations(db, operator);
  expect(newest).toMatchObject({
    kind: 'delegation',
    reason: 'moved',
    by: tech.name,
    heard: { by: 0, of: 1, away: [nodes[0]?.hostname] },
    mayRestore: true,
  });
  await db.heartbeat.updateMany({
    where: { nodeId: nodes[0]?.id ?? '' },
    data: { revocationsHeard: newest?.number ?? 0 },
  });
  expect((await listRevocations(db, tech))[0]).toMatchObject({ heard: { by: 1, of: 1, away: [] }, mayRestore: false });
  expect(await listRevocations(db, member)).toEqual([]);
  expect(await restore(db, operator, newest?.id ?? '', now)).toEqual({ nodes: 1 });
  expect(await restore(db, operator, newest?.id ?? '', now)).toEqual({ nodes: 0 });
});

test('a person takes back an own key, and nobody else’s is even there', async () => {
  const key = await db.principalKey.create({
    data: { userId: member.id, name: 'laptop', jkt: 'member-key', publicKey: 'x' },
  });
  const target = { kind: 'key' as const, id: key.id };
  await expect(previewRevocation(db, tech, target)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await revoke(db, member, { target, endLeases: true, reason: 'lost' }, now);
  expect((await db.principalKey.findUniqueOrThrow({ where: { id: key.id } })).revokedAt).toEqual(now);
  await expect(revoke(db, member, { target, endLeases: true, reason: 'lost' }, now)).rejects.toMatchObject({
    code: 'REVOKED',
  });
});

test('numbers are in the order of commits: whoever wrote first and commits last keeps others waiting', async () => {
  const insert = `INSERT INTO "Revocation" (id, kind, jkt, "actId") VALUES (gen_random_uuid(), 'key', $1, gen_random_uuid()) RETURNING number`;
  const [first, second] = [await pool.connect(), await pool.connect()];
  await first.query('BEGIN');
  const one = await first.query<{ number: string }>(insert, ['one']);
  const two = second.query<{ number: string }>(insert, ['two']);
  await new Promise((done) => setTimeout(done, 100));
  const seen = await pool.query<{ n: string }>(`SELECT max(number) AS n FROM "Revocation"`);
  expect(Number(seen.rows[0]?.n)).toBeLessThan(Number(one.rows[0]?.number)); // the second has not overtaken
  await first.query('COMMIT');
  expect(Number((await two).rows[0]?.number)).toBeGreaterThan(Number(one.rows[0]?.number));
  first.release();
  second.release();
});
