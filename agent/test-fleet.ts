import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import type { z } from 'zod';
import type { HardAmounts } from '@/core/resources/vector';
import type { EnrolOutput, HeartbeatInput, IssueInput } from '@/protocol/agent/schemas';
import { caFingerprint } from '@/protocol/pki/certificate';
import { enrolmentChallenge, proveChallenge } from '@/protocol/pki/challenge';
import { loadOrMakeCa, loadOrMakeServiceManagerKey } from '@/protocol/pki/deployment-secrets';
import { newEnrolmentSecret } from '@/protocol/pki/enrolment-token';
import { selfIssue, type TlsIdentity, tlsIdentity } from '@/protocol/pki/identity';
import { serviceManagerUrn } from '@/protocol/pki/names';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey, type IdentityKey } from '@/protocol/statement/keys';
import { signStatement } from '@/protocol/statement/sign';
import { agentClient, anonymousAgentClient, closeClients } from '@/protocol/transport/client';
import { refusedFrom } from '@/protocol/trpc';
import { type Agent, startAgent } from './agent';
import { secretStore } from './store/deployment';

export const OFFER: HardAmounts = { cpuMilli: 1000, memoryMiB: 1024, diskMiB: 8192, networkKbps: 100_000 };
/** The code of the refusal that a call ends in, or what it ended in instead. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  const err = await call.then(
    () => new Error('not refused'),
    (reason: unknown) => reason,
  );
  return refusedFrom(err)?.code ?? String(err);
}

export const SLICE = 'urn:publicid:IDN+meridian+slice+oslo_a';

/** A node as its agent knows it, without a node manager: it enrols, delegates and beats when a test says so. */
export type FakeNode = {
  id: string;
  urn: string;
  key: IdentityKey;
  secret: string;
  incarnation: string;
  identity?: TlsIdentity;
};

/** An agent over a test's database, in this process, with a service manager and nodes to call it. For tests and benches. */
export async function agentFixture(pool: pg.Pool, databaseUrl: string, authority = 'meridian') {
  const dataDir = mkdtempSync(join(tmpdir(), 'meridian-agent-'));
  const sealKey = randomBytes(32);
  const errors: object[] = [];
  const log = { error: (facts: object) => void errors.push(facts), info: () => {} };
  const start = (name: string | null = null) =>
    startAgent({
      name,
      databaseUrl,
      sealKey,
      authority,
      dataDir: join(dataDir, name ?? ''),
      listen: { host: '127.0.0.1', port: 0 },
      address: '',
      log,
    });
  const agent = await start();
  const store = secretStore(pool);
  const ca = await loadOrMakeCa(store, sealKey, { authority, now: new Date() });
  const smKey = await loadOrMakeServiceManagerKey(store, sealKey);
  const { identity: sm } = await selfIssue(ca, serviceManagerUrn(authority), smKey, new Date());
  const siteId = randomUUID();
  await pool.query(`INSERT INTO "Site" (id, "loginBase", name, urn, country) VALUES ($1, 'oslo', 'Oslo', $2, 'NO')`, [
    siteId,
    `urn:publicid:IDN+${authority}:oslo+authority+sa`,
  ]);
  const identities: TlsIdentity[] = [sm];
  const target = (of: Agent = agent) => ({ address: of.address, urn: of.urn, jkt: of.key.jkt });
  const fixture = {
    agent,
    start,
    errors,
    authority,
    sealKey,
    smKey,
    sm,
    ca,
    siteId,
    target,
    client: agentClient(target(), sm),
    /** A registered node with a token, not enrolled yet. */
    async registerNode(name: string): Promise<FakeNode> {
      const node = {
        id: randomUUID(),
        urn: `urn:publicid:IDN+${authority}:oslo+node+${name}`,
        key: generateIdentityKey(),
        secret: '',
        incarnation: randomBytes(16).toString('base64url'),
      };
      const { secret, secretHash } = newEnrolmentSecret();
      await pool.query(`INSERT INTO "Node" (id, urn, hostname, "siteId", country) VALUES ($1, $2, $3, $4, 'NO')`, [
        node.id,
        node.urn,
        name,
        siteId,
      ]);
      await pool.query(
        `INSERT INTO "EnrolmentToken" (id, "nodeId", "secretHash", "expiresAt") VALUES (gen_random_uuid(), $1, $2, now() + interval '1 hour')`,
        [node.id, secretHash],
      );
      return { ...node, secret };
    },
    async enrol(node: FakeNode, key = node.key, address = 'localhost:7430'): Promise<z.infer<typeof EnrolOutput>> {
      const facts = {
        node: node.urn,
        secret: node.secret,
        publicKey: key.jwk,
        address,
        incarnation: node.incarnation,
      };
      const { client, close } = anonymousAgentClient(agent.address, caFingerprint(ca.certificatePem));
      const enrolled = await client.enrol
        .mutate({ ...facts, proof: proveChallenge(enrolmentChallenge(facts), key.privateKey) })
        .finally(close);
      if (key === node.key) {
        node.identity = tlsIdentity(key, enrolled.certificate, enrolled.ca);
        identities.push(node.identity);
      }
      return enrolled;
    },
    clientOf(node: FakeNode) {
      if (!node.identity) throw new Error(`${node.urn} is not enrolled`);
      return agentClient(target(), node.identity);
    },
    delegation(
      node: FakeNode,
      more: { rights?: HardAmounts; degreeMilli?: number; days?: number; granteeJkt?: IdentityKey } = {},
    ): string {
      const now = Math.floor(Date.now() / 1000);
      return signStatement(
        'delegation+jwt',
        {
          iss: node.key.jkt,
          jti: randomBytes(18).toString('base64url'),
          node: node.urn,
          grantee: (more.granteeJkt ?? agent.key).jwk,
          granteeUrn: more.granteeJkt ? `${agent.urn}.other` : agent.urn,
          rights: more.rights ?? OFFER,
          degreeMilli: more.degreeMilli ?? 1000,
          incarnation: node.incarnation,
          nbf: now - 300,
          exp: now + (more.days ?? 60) * 86_400,
        },
        node.key,
      );
    },
    beat(node: FakeNode, more: Partial<z.infer<typeof HeartbeatInput>> = {}) {
      return this.clientOf(node).heartbeat.mutate({
        seq: 0,
        at: new Date().toISOString(),
        incarnation: node.incarnation,
        journalSequence: 0,
        version: '0',
        driver: 'simulated',
        capacity: OFFER,
        free: OFFER,
        load1Milli: 0,
        uptimeSeconds: 1,
        sliverCount: 0,
        full: false,
        slivers: [],
        ...more,
      });
    },
    /** Nodes that enrolled, delegated and beat. */
    async nodes(
      count: number,
      more: { rights?: HardAmounts; degreeMilli?: number; days?: number } = {},
    ): Promise<FakeNode[]> {
      const all: FakeNode[] = [];
      for (let i = 0; i < count; i++) {
        const node = await this.registerNode(`n${randomBytes(4).toString('hex')}`);
        await this.enrol(node);
        await this.clientOf(node).delegate.mutate({ delegation: this.delegation(node, more) });
        all.push(node);
      }
      await Promise.all(all.map((node) => this.beat(node)));
      return all;
    },
    async close() {
      await Promise.all(identities.map((identity) => closeClients(identity)));
      await agent.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return fixture;
}

/** A request for one default sliver on each node, for a day from now. */
export function ask(
  nodes: readonly FakeNode[],
  more: Partial<z.input<typeof IssueInput>> = {},
): z.input<typeof IssueInput> {
  const start = Math.floor(Date.now() / 1000);
  return {
    idempotencyKey: randomBytes(12).toString('base64url'),
    slice: SLICE,
    sub: 'urn:publicid:IDN+meridian+user+ada',
    resources: DEFAULT_RESOURCES,
    nodes: nodes.map((node) => node.urn),
    start,
    end: start + 86_400,
    graceSeconds: 3600,
    ...more,
  };
}
