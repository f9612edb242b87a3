import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { decodeEnrolmentToken } from '@/protocol/pki/enrolment-token';
import { openDb } from '@/server/db';
import { seedDemo } from '@/server/demo/seed';
import { testDatabase } from '@/test/postgres';
import type { Person } from '../policy';
import { enrolmentToken } from './enrolment';
import { enrolmentAuthority } from './enrolment-authority';
import { fleetNodes, nodeView, setAdminSwitch } from './nodes';
import { prepareSimulation } from './simulation';

vi.stubEnv('MERIDIAN_AUTHORITY', 'meridian');
vi.stubEnv('MERIDIAN_AGENT_ADDRESS', 'agent.example:7420');
vi.stubEnv('MERIDIAN_SEAL_KEY', randomBytes(32).toString('base64url'));
const database = await testDatabase();
const db = openDb(database.url, 4);
afterAll(() => db.$disconnect());

const now = new Date('2026-03-01T12:00:00Z');
let operator: Person;
let tech: Person;
let researcher: Person;

beforeAll(async () => {
  await seedDemo(db, {
    authority: 'meridian',
    enrolment: await enrolmentAuthority(db),
    known: [],
    hasCliToken: true,
    nodes: 180,
    now,
  });
  const site = await db.site.findUniqueOrThrow({ where: { loginBase: 'demo' } });
  const person = async (email: string): Promise<Person> => {
    const user = await db.user.findUniqueOrThrow({ where: { email }, include: { memberships: true } });
    const memberships = user.memberships.map(({ siteId, role }) => ({ siteId, role, loginBase: site.loginBase }));
    return { id: user.id, name: user.name, email, urn: user.urn ?? '', operator: user.operator, memberships };
  };
  [operator, tech, researcher] = await Promise.all([
    person('operator@demo.example'),
    person('tech@demo.example'),
    person('researcher@demo.example'),
  ]);
});

/** Makes a node look enrolled, delegated and heard of at `at`. */
async function bringUp(hostname: string, at: Date) {
  const node = await db.node.update({
    where: { id: (await db.node.findFirstOrThrow({ where: { hostname } })).id },
    data: { enrolledAt: at, cpuMilli: 4000, memoryMiB: 8192, diskMiB: 65_536, networkKbps: 100_000 },
  });
  const agent = await db.agent.upsert({
    where: { urn: 'urn:publicid:IDN+meridian+authority+am' },
    create: { urn: 'urn:publicid:IDN+meridian+authority+am', jkt: 'j', publicKey: 'k', address: 'a:1' },
    update: {},
  });
  const amounts = { cpuMilli: 4000, memoryMiB: 8192, diskMiB: 65_536, networkKbps: 100_000 };
  const until = new Date(at.getTime() + 3_600_000);
  await db.delegation.create({
    data: {
      iss: 'i',
      jti: hostname,
      nodeId: node.id,
      agentId: agent.id,
      granteeJkt: 'j',
      line: hostname,
      text: 't',
      incarnation: 'x',
      ...amounts,
      degreeMilli: 1000,
      notBefore: at,
      notAfter: until,
    },
  });
  await db.heartbeat.create({
    data: {
      nodeId: node.id,
      at,
      since: at,
      incarnation: 'x',
      freeCpuMilli: 3000,
      freeMemoryMiB: 100,
      freeDiskMiB: 60_000,
      freeNetworkKbps: 90_000,
    },
  });
  return node;
}

describe('the fleet', () => {
  test('is one row per node, each with why it cannot take slivers', async () => {
    const nodes = await fleetNodes(db, { now });
    expect(nodes).toHaveLength(181);
    expect(nodes.every((node) => node.unusable?.code === 'NODE_NOT_ENROLLED' && node.reachability === 'never')).toBe(
      true,
    );
    expect(nodes[0]).toMatchObject({
      hostname: expect.any(String),
      siteName: expect.stringContaining('(demo)'),
      capacity: null,
      free: null,
    });
  });

  test('says what a node has, and stops believing it when the node is silent', async () => {
    const { id } = await bringUp('node1.kyoto', now);
    const at = (seconds: number) =>
      fleetNodes(db, { ids: [id], now: new Date(now.getTime() + seconds * 1000) }).then(([node]) => node);
    expect(await at(5)).toMatchObject({
      reachability: 'online',
      free: { cpuMilli: 3000, memoryMiB: 100 },
      unusable: { code: 'NODE_FULL', facts: { resource: 'memoryMiB' } },
    });
    await db.heartbeat.update({ where: { nodeId: id }, data: { freeMemoryMiB: 4096 } });
    expect((await at(5))?.unusable).toBeNull();
    expect(await at(20)).toMatchObject({ reachability: 'late', unusable: null });
    expect(await at(600)).toMatchObject({ reachability: 'unreachable', unusable: { code: 'NODE_UNREACHABLE' } });
  });

  test('loses a node’s usability with its delegation', async () => {
    const { id } = await bringUp('node2.kyoto', now);
    await db.heartbeat.update({ where: { nodeId: id }, data: { freeMemoryMiB: 4096 } });
    await db.delegation.updateMany({ where: { nodeId: id }, data: { revokedAt: now } });
    expect((await fleetNodes(db, { ids: [id], now }))[0]?.unusable?.code).toBe('NOT_DELEGATED');
  });
});

describe('a node', () => {
  test('shows slivers of slices one may see and counts the others', async () => {
    const { id } = await db.node.findFirstOrThrow({ where: { hostname: 'node3.kyoto' } });
    const site = await db.site.findUniqueOrThrow({ where: { loginBase: 'demo' } });
    const other = await db.site.findUniqueOrThrow({ where: { loginBase: 'oslo' } });
    const slice = (name: string, siteId: string, ownerId: string, members: string[]) =>
      db.slice.create({
        data: {
          name,
          urn: `urn:${name}`,
          siteId,
          ownerId,
          state: 'active',
          spec: {},
          sliverCount: 1,
          minimumCount: 1,
          cpuMilli: 1,
          memoryMiB: 1,
          diskMiB: 1,
          networkKbps: 1,
          termSeconds: 1,
          graceSeconds: 1,
          members: { create: members.map((userId) => ({ userId })) },
          slivers: { create: [{ nodeId: id, reported: 'running' }] },
        },
      });
    await slice('demo_mine', site.id, researcher.id, [researcher.id]);
    await slice('oslo_theirs', other.id, operator.id, [operator.id]);
    const seen = await nodeView(db, researcher, id, now);
    expect(seen.sliverRows.map((row) => row.sliceName)).toEqual(['demo_mine']);
    expect([seen.otherSlivers, seen.slivers]).toEqual([1, 2]);
    expect(seen.may).toEqual({ adminSwitch: false, enrol: false });
    expect((await nodeView(db, operator, id, now)).sliverRows).toHaveLength(2);
  });

  test('is said to be behind NAT when its agent’s address stands for its own', async () => {
    const { id } = await bringUp('node2.oslo', now);
    expect((await nodeView(db, researcher, id, now)).behindNat).toBe(false);
    await db.node.update({ where: { id }, data: { address: 'a:1' } });
    expect((await nodeView(db, researcher, id, now)).behindNat).toBe(true);
  });

  test('is switched with a line in the audit log and a notice to whoever listens, once', async () => {
    const { id, urn } = await db.node.findFirstOrThrow({ where: { hostname: 'node1.oslo' } });
    const listener = await database.pool.connect();
    const heard: string[] = [];
    listener.on('notification', (message) => heard.push(message.payload ?? ''));
    await listener.query('LISTEN meridian');
    expect((await setAdminSwitch(db, operator, { id, adminSwitch: 'draining' }, now)).adminSwitch).toBe('draining');
    await setAdminSwitch(db, operator, { id, adminSwitch: 'draining' }, now);
    await vi.waitFor(() => expect(heard.map((each) => JSON.parse(each))).toEqual([{ k: 'node', ids: [id] }]));
    listener.release(true);
    const events = await db.auditEvent.findMany({ where: { action: 'node.adminSwitch', objectId: urn } });
    expect(events.map((event) => event.facts)).toEqual([{ from: 'open', to: 'draining' }]);
  });

  test('is enrolled by its own site’s tech, and by no other', async () => {
    const authority = await enrolmentAuthority(db);
    const own = 'urn:publicid:IDN+meridian:demo+node+this-machine';
    const { token } = await enrolmentToken(db, authority, tech, own, now);
    expect(decodeEnrolmentToken(token)).toMatchObject({
      node: own,
      agent: 'agent.example:7420',
      ca: authority.caFingerprint,
    });
    const foreign = 'urn:publicid:IDN+meridian:oslo+node+node1';
    await expect(enrolmentToken(db, authority, tech, foreign, now)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await expect(enrolmentToken(db, authority, operator, 'urn:publicid:IDN+x+node+y', now)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(await db.enrolmentToken.count({ where: { node: { urn: own }, usedAt: null } })).toBe(1);
  });
});

describe('a simulation', () => {
  test('of the demo keeps its behaviours and leaves the real node alone', async () => {
    const { nodes } = await prepareSimulation(db, operator, { fleet: 'demo' }, now);
    expect(nodes).toHaveLength(180);
    expect(nodes.filter((node) => node.behaviour === 'down').map((node) => node.node.split('+')[1])).toEqual([
      'meridian:reykjavik',
      'meridian:reykjavik',
    ]);
  });

  test('of imported nodes takes those in boot state boot and shows them as simulated from then on', async () => {
    const site = await db.site.findUniqueOrThrow({ where: { loginBase: 'oslo' } });
    const node = (name: string, bootState: 'boot' | 'debug') => ({
      urn: `urn:publicid:IDN+plc:x+node+${name}`,
      hostname: name,
      siteId: site.id,
      source: 'imported',
      bootState,
    });
    await db.node.createMany({
      data: [node('a.example', 'boot'), node('b.example', 'debug'), node('c.example', 'boot')],
    });
    expect((await prepareSimulation(db, operator, { fleet: 'imported', limit: 1 }, now)).nodes).toHaveLength(1);
    const { nodes } = await prepareSimulation(db, operator, { fleet: 'imported' }, now);
    expect(nodes.map((each) => each.node)).toEqual([
      'urn:publicid:IDN+plc:x+node+a.example',
      'urn:publicid:IDN+plc:x+node+c.example',
    ]);
    expect(nodes.every((each) => each.token && decodeEnrolmentToken(each.token).node === each.node)).toBe(true);
    expect(await db.node.count({ where: { source: 'imported', simulated: true } })).toBe(2);
    expect(await db.node.count({ where: { source: 'imported', address: { not: null } } })).toBe(0);
  });
});
