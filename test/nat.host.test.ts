import { randomBytes, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recordCertificate, secretStore } from '@/agent/store/deployment';
import { nodeUrn, sliceUrn, tempDirectory, until } from '@/node-manager/testing/agent-stub';
import { hostLacks, NO_TRACES, tracesOf } from '@/node-manager/testing/host';
import { freePort, NodeProcess } from '@/node-manager/testing/node-process';
import { type Ca, caFingerprint, certificateSpan, issueCertificate } from '@/protocol/pki/certificate';
import { loadOrMakeCa, loadOrMakeServiceManagerKey } from '@/protocol/pki/deployment-secrets';
import { encodeEnrolmentToken, newEnrolmentSecret } from '@/protocol/pki/enrolment-token';
import { selfIssue, type TlsIdentity, tlsIdentity } from '@/protocol/pki/identity';
import { agentUrn, serviceManagerUrn } from '@/protocol/pki/names';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey } from '@/protocol/statement/keys';
import { agentClient, closeClients, nodeManagerClient, orRefused } from '@/protocol/transport/client';
import { testDatabase } from './postgres';
import { type Wire, wire } from './wire';

const lacks = await hostLacks('a real node manager behind NAT');
const database = await testDatabase();

describe.skipIf(lacks.length > 0)('a node behind NAT, with no port open to the outside', { timeout: 60_000 }, () => {
  const urn = nodeUrn(`hidden-${process.pid}.lab.example`);
  const impostorUrn = nodeUrn(`impostor-${process.pid}.lab.example`);
  const slice = sliceUrn('hidden');
  const [agentData, nodeData] = [tempDirectory('agent'), tempDirectory('node')];
  const sealKey = randomBytes(32);
  const siteId = randomUUID();
  const sources: (() => TlsIdentity)[] = [];
  let home: Wire;
  let agent: NodeProcess;
  let node: NodeProcess;
  let ca: Ca;
  let sm: TlsIdentity;
  let agentEnv: Record<string, string>;
  let agentTarget: { address: string; urn: string; jkt: string };
  let nodeTarget: { address: string; urn: string; jkt: string };

  /** Calls the node over connections of its own. */
  const caller = (as: TlsIdentity) => {
    const source = () => as;
    sources.push(source);
    return nodeManagerClient(nodeTarget, source);
  };
  const register = async (name: string) => {
    const id = randomUUID();
    const { secret, secretHash } = newEnrolmentSecret();
    await database.pool.query(
      `INSERT INTO "Node" (id, urn, hostname, "siteId", country) VALUES ($1, $2, $3, $4, 'NO')`,
      [id, name, `${name.split('+').at(-1)}`, siteId],
    );
    await database.pool.query(
      `INSERT INTO "EnrolmentToken" (id, "nodeId", "secretHash", "expiresAt") VALUES (gen_random_uuid(), $1, $2, now() + interval '1 hour')`,
      [id, secretHash],
    );
    const pin = caFingerprint(ca.certificatePem);
    return encodeEnrolmentToken({ v: 1, agent: agentTarget.address, ca: pin, node: name, secret });
  };

  beforeAll(async () => {
    home = wire(2);
    home.shut();
    const address = `${home.host}:${await freePort()}`;
    agentEnv = {
      DATABASE_URL: database.url,
      MERIDIAN_SEAL_KEY: sealKey.toString('base64url'),
      MERIDIAN_AGENT_LISTEN: address,
      MERIDIAN_AGENT_DATA: agentData,
    };
    agent = NodeProcess.start('agent/main.ts', agentEnv);
    agentTarget = { address, urn: agentUrn('meridian'), jkt: String((await agent.ready()).jkt) };
    const store = secretStore(database.pool);
    const now = new Date();
    ca = await loadOrMakeCa(store, sealKey, { authority: 'meridian', now });
    const smKey = await loadOrMakeServiceManagerKey(store, sealKey);
    sm = (await selfIssue(ca, serviceManagerUrn('meridian'), smKey, now)).identity;
    await database.pool.query(
      `INSERT INTO "Site" (id, "loginBase", name, urn, country) VALUES ($1, 'lab', 'Lab', 'urn:publicid:IDN+meridian:lab+authority+sa', 'NO')`,
      [siteId],
    );
    const env = {
      MERIDIAN_NODE_DATA: nodeData,
      MERIDIAN_NODE_ADDRESS: 'relay',
      MERIDIAN_NODE_LISTEN: '0.0.0.0:7430',
      MERIDIAN_NODE_DRIVER: 'oci',
      MERIDIAN_NODE_HEARTBEAT_MS: '1000',
      MERIDIAN_NODE_TOKEN: await register(urn),
    };
    node = NodeProcess.start('node-manager/main.ts', env, home.within);
    await node.ready();
  }, 90_000);

  afterAll(async () => {
    await Promise.all([...sources, sm].map((source) => source && closeClients(source)));
    await node?.end('SIGTERM');
    await agent?.end('SIGTERM');
    home?.remove();
    for (const directory of [agentData, nodeData]) rmSync(directory, { recursive: true, force: true });
  });

  test('enrol → delegate → issue → redeem → running → exec → release, its agent killed on the way', async () => {
    const toAgent = agentClient(agentTarget, sm);
    const ad = await until(
      'the node to be advertised',
      async () => {
        const { advertisements } = await toAgent.advertisements.query({ nodes: [urn] });
        return advertisements.find((one) => one.reachability === 'online');
      },
      20_000,
    );
    expect(ad.address).toBe(agentTarget.address);
    nodeTarget = { address: ad.address, urn, jkt: ad.jkt };
    const reached = await new Promise((resolve) => {
      const socket = connect({ host: home.inside, port: 7430, timeout: 1_500 });
      socket.once('connect', () => resolve('connected')).once('timeout', () => resolve('nothing came back'));
      socket.once('error', (err) => resolve(err.message)).once('close', () => socket.destroy());
    });
    expect(reached).toBe('nothing came back');

    const start = Math.floor(Date.now() / 1000);
    const { tickets } = await orRefused(
      toAgent.issue.mutate({
        idempotencyKey: `behind-nat-${process.pid}`,
        slice,
        sub: 'urn:publicid:IDN+meridian+user+ada',
        resources: DEFAULT_RESOURCES,
        nodes: [urn],
        start,
        end: start + 3600,
        graceSeconds: 60,
      }),
    );
    const client = caller(sm);
    await orRefused(client.redeem.mutate({ ticket: tickets[0]?.ticket ?? '' }));
    expect(await client.sliver.query({ slice, waitWhile: 'starting', waitMs: 20_000 })).toMatchObject({
      state: 'running',
    });
    const hostname = async () => (await orRefused(client.exec.mutate({ slice, argv: ['hostname'] }))).stdout.trim();
    expect(await hostname()).toBe(`lab-hidden.hidden-${process.pid}`);

    const { id } = await orRefused(client.terminalOpen.mutate({ slice, cols: 80, rows: 24, who: 'ada' }));
    await client.terminalWrite.mutate({ id, at: 0, data: Buffer.from('echo $((6*7))x\n').toString('base64') });
    let said = Buffer.alloc(0);
    await until('the terminal to answer', async () => {
      const { data } = await client.terminalRead.query({ id, from: said.length, waitMs: 5_000 });
      said = Buffer.concat([said, Buffer.from(data, 'base64')]);
      return said.includes('42x');
    });
    await client.terminalClose.mutate({ id });

    const poll = orRefused(client.sliver.query({ slice, waitWhile: 'running', waitMs: 20_000 }));
    poll.catch(() => {});
    await agent.end('SIGKILL');
    await expect(poll).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
    agent = NodeProcess.start('agent/main.ts', agentEnv);
    await agent.ready();
    expect(await hostname()).toBe(`lab-hidden.hidden-${process.pid}`); // the first call already waits for the node to be back

    const { outcome } = await orRefused(client.release.mutate({ slice }));
    expect(outcome).toBe('released');
    expect(tracesOf(urn, nodeData)).toEqual(NO_TRACES);
  });

  test('a caller whose certificate was revoked is refused by the node itself', async () => {
    const key = generateIdentityKey();
    const issued = await issueCertificate({
      ca,
      publicJwk: key.jwk,
      urn: agentUrn('meridian'),
      ...certificateSpan(new Date()),
    });
    await recordCertificate(database.pool, issued, { urn: agentUrn('meridian'), kind: 'agent', jkt: key.jkt });
    const client = caller(tlsIdentity(key, issued.pem, ca.certificatePem));
    expect((await orRefused(client.config.query())).node).toBe(urn);
    await database.pool.query(`UPDATE "Certificate" SET "revokedAt" = now() WHERE serial = $1`, [issued.serial]);
    const codes = async () =>
      await orRefused(client.config.query()).then(
        () => 'answered',
        (err) => err.code,
      );
    await until('the node to have heard of it', async () => (await codes()) !== 'answered');
    expect(await codes()).toBe('REVOKED');
    expect((await orRefused(caller(sm).config.query())).node).toBe(urn);
  });

  test('another enrolled node takes none of its calls, nor does a key that is not enrolled', async () => {
    const impostorData = tempDirectory('impostor');
    const impostor = NodeProcess.start('node-manager/main.ts', {
      MERIDIAN_NODE_DATA: impostorData,
      MERIDIAN_NODE_ADDRESS: 'relay',
      MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
      MERIDIAN_NODE_DRIVER: 'simulated',
      MERIDIAN_NODE_TOKEN: await register(impostorUrn),
    });
    try {
      await impostor.ready();
      const forged = (await selfIssue(ca, urn, generateIdentityKey(), new Date())).identity;
      sources.push(() => forged);
      const attend = agentClient(agentTarget, sources.at(-1) ?? forged).attend.mutate({ session: 's'.repeat(16) });
      await expect(orRefused(attend)).rejects.toMatchObject({ code: 'NODE_NOT_ENROLLED' });
      const nodes = await Promise.all(Array.from({ length: 8 }, () => orRefused(caller(sm).config.query())));
      expect(new Set(nodes.map((one) => one.node))).toEqual(new Set([urn]));
    } finally {
      await impostor.end('SIGTERM');
      rmSync(impostorData, { recursive: true, force: true });
    }
  });

  test('once its key is revoked it is cut off at once', async () => {
    const poll = orRefused(caller(sm).status.query());
    await poll;
    const began = Date.now();
    await database.pool.query(`UPDATE "NodeKey" SET "revokedAt" = now() WHERE jkt = $1`, [nodeTarget.jkt]);
    await until(
      'the agent to let it go',
      () => agent.lines.some((line) => line.msg === 'a node behind NAT is let go'),
      3_000,
    );
    expect(Date.now() - began).toBeLessThan(3_000);
    await expect(orRefused(caller(sm).status.query())).rejects.toMatchObject({
      code: 'NODE_UNREACHABLE',
      facts: { cause: 'it is reached through its agent, to which it has no line now' },
    });
  });
});
