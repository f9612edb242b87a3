import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { issueTickets } from '@/agent/issue';
import { openPool, type Pool } from '@/agent/store/database';
import { secretStore } from '@/agent/store/deployment';
import { IssueInput, type IssueOutput } from '@/protocol/agent/schemas';
import { loadOrMakeCa, loadOrMakeServiceManagerKey } from '@/protocol/pki/deployment-secrets';
import { selfIssue } from '@/protocol/pki/identity';
import { agentUrn, serviceManagerUrn } from '@/protocol/pki/names';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey, type IdentityKey, jwkFromRaw, loadOrMakeIdentityKey } from '@/protocol/statement/keys';
import { signStatement } from '@/protocol/statement/sign';
import type { TicketVerifyContext } from '@/protocol/statement/ticket';
import { agentClient, closeClients } from '@/protocol/transport/client';
import { startTestPostgres } from '@/test/postgres-server';
import { freePort } from '@/tools/postgres.mjs';
import { postgresCpu } from './cpu';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Requests under way at once, as by several workers whose slices are on different nodes: a third of the nodes each. */
export const LANES = 3;
/** One request's tickets: one for each node of its lane, as for the largest slice. */
export const TICKETS_PER_REQUEST = 1_000;
const NODES = LANES * TICKETS_PER_REQUEST;
/** So much that no round runs out. */
const RIGHTS = { cpuMilli: 1_024_000, memoryMiB: 16_000_000, diskMiB: 500_000_000, networkKbps: 300_000_000 };

export type Issued = { node: string; text: string }[];
export type IssuingAgent = {
  /** One request for a ticket on each node of a lane, in this process: what the agent runs for such a call, without the call. */
  issueHere(lane: number): Promise<Issued>;
  /** The same asked of the agent's own process: TLS, JSON and schemas of both sides with it. */
  issueByTls(lane: number): Promise<Issued>;
  /** Gives back what was issued, so that every round finds the same books. */
  settle(): Promise<void>;
  /** CPU time in µs that Postgres has taken so far. */
  postgresCpu(): Promise<number>;
  /** What a node's own verification is against. */
  contextOf(node: string): TicketVerifyContext;
  /** The delegation that a node signed. */
  delegationOf(node: string): { text: string; key: IdentityKey };
  /** The agent's key, for the raw cost. */
  key: IdentityKey;
  stop(): Promise<void>;
};

/** A real agent process over a Postgres of its own whose commits reach the disk, with three thousand nodes that delegated to it. */
export async function startIssuingAgent(): Promise<IssuingAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-bench-tickets-'));
  const postgres = await startTestPostgres({ durable: true });
  const databaseUrl = await postgres.createDatabase('meridian');
  const pool = openPool(databaseUrl);
  const sealKey = randomBytes(32);
  const address = `127.0.0.1:${await freePort()}`;
  const left = async () => {
    await pool.end();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const child = await startAgent({
    DATABASE_URL: databaseUrl,
    MERIDIAN_SEAL_KEY: sealKey.toString('base64url'),
    MERIDIAN_AGENT_DATA: folder,
    MERIDIAN_AGENT_LISTEN: address,
    MERIDIAN_SUPERVISED: '1',
  }).catch(async (err: unknown) => {
    await left();
    throw err;
  });
  const store = secretStore(pool);
  const ca = await loadOrMakeCa(store, sealKey, { authority: 'meridian', now: new Date() });
  const { identity } = await selfIssue(
    ca,
    serviceManagerUrn('meridian'),
    await loadOrMakeServiceManagerKey(store, sealKey),
    new Date(),
  );
  const { rows } = await pool.query<{ id: string }>(`SELECT id::text FROM "Agent"`);
  const agentId = rows[0]?.id;
  if (!agentId) throw new Error('the agent did not register');
  const key = await loadOrMakeIdentityKey(join(folder, 'identity.pem'));
  const nodes = await seedNodes(pool, { id: agentId, publicKey: key.jwk.x, jkt: key.jkt });
  await pool.query('ANALYZE'); // as autovacuum does to a database that is not a minute old
  const client = agentClient({ address, urn: agentUrn('meridian'), jkt: key.jkt }, identity);
  const peer = { kind: 'service-manager' as const, urn: serviceManagerUrn('meridian'), jkt: identity.jkt };
  const urns = [...nodes.keys()];
  const issuer = { pool, agentId, urn: agentUrn('meridian'), authority: 'meridian', key };
  const request = (lane: number) => {
    const start = Math.floor(Date.now() / 1000);
    return {
      idempotencyKey: randomUUID(),
      slice: 'urn:publicid:IDN+meridian+slice+bench_all',
      sub: 'urn:publicid:IDN+meridian+user+bench',
      resources: { ...DEFAULT_RESOURCES, cpuMilli: 1, memoryMiB: 1, diskMiB: 1, networkKbps: 1 },
      nodes: urns.slice(lane * TICKETS_PER_REQUEST, (lane + 1) * TICKETS_PER_REQUEST),
      start,
      end: start + 86_400,
      graceSeconds: 0,
    };
  };
  const issued = ({ tickets }: z.infer<typeof IssueOutput>) =>
    tickets.map(({ node, ticket }) => ({ node, text: ticket }));
  const nodeOf = (urn: string) => {
    const known = nodes.get(urn);
    if (!known) throw new Error(`no such node: ${urn}`);
    return known;
  };
  return {
    key,
    async issueHere(lane) {
      return issued(await issueTickets(issuer, peer, IssueInput.parse(request(lane)), Date.now()));
    },
    async issueByTls(lane) {
      return issued(await client.issue.mutate(request(lane)));
    },
    async settle() {
      await pool.query(`UPDATE "Ticket" SET state = 'burnt' WHERE state = 'issued'`);
      await pool.query('VACUUM "Ticket"');
    },
    postgresCpu: () => postgresCpu(pool),
    contextOf(node) {
      const known = nodeOf(node);
      return {
        nodeUrn: node,
        nodeJwk: known.key.jwk,
        incarnation: known.incarnation,
        now: Date.now(),
        revokedKeys: new Set(),
        holderJkt: identity.jkt,
      };
    },
    delegationOf: nodeOf,
    async stop() {
      await closeClients(identity);
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
      await left();
    },
  };
}

async function startAgent(env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'agent/main.ts'], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await new Promise<void>((ready, failed) => {
    child.once('exit', (code) => failed(new Error(`the agent ended with ${code}`)));
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => line.includes('"msg":"ready"') && ready());
  });
  return child;
}

async function seedNodes(pool: Pool, agent: { id: string; publicKey: string; jkt: string }) {
  const siteId = randomUUID();
  await pool.query(
    `INSERT INTO "Site" (id, "loginBase", name, urn) VALUES ($1, 'bench', 'Bench', 'urn:publicid:IDN+meridian:bench+authority+sa')`,
    [siteId],
  );
  const now = Math.floor(Date.now() / 1000);
  const rows = Array.from({ length: NODES }, (_, i) => {
    const key = generateIdentityKey();
    const urn = `urn:publicid:IDN+meridian:bench+node+n${i}`;
    const incarnation = randomBytes(16).toString('base64url');
    const jti = randomBytes(18).toString('base64url');
    const grantee = { grantee: jwkFromRaw(agent.publicKey), granteeUrn: agentUrn('meridian') };
    const rights = { rights: RIGHTS, degreeMilli: 1000, incarnation, nbf: now - 600, exp: now + 5_184_000 };
    const text = signStatement('delegation+jwt', { iss: key.jkt, jti, node: urn, ...grantee, ...rights }, key);
    return {
      id: randomUUID(),
      urn,
      key,
      incarnation,
      row: { urn, jkt: key.jkt, x: key.jwk.x, incarnation, jti, text },
    };
  });
  await pool.query(
    `WITH x AS (SELECT * FROM json_to_recordset($1::json) AS x(id uuid, urn text, jkt text, x text, incarnation text, jti text, text text)),
     nodes AS (INSERT INTO "Node" (id, urn, hostname, "siteId", address, "bootState", simulated) SELECT id, urn, urn, $2, 'localhost:1', 'boot', true FROM x),
     keys AS (INSERT INTO "NodeKey" (id, "nodeId", jkt, "publicKey", incarnation) SELECT gen_random_uuid(), id, jkt, x, incarnation FROM x),
     beats AS (INSERT INTO "Heartbeat" ("nodeId", at, since, incarnation, "freeCpuMilli", "freeMemoryMiB", "freeDiskMiB", "freeNetworkKbps")
       SELECT id, now() + interval '1 day', now(), incarnation, 0, 0, 0, 0 FROM x)
     INSERT INTO "Delegation" (id, iss, jti, "nodeId", "agentId", text, incarnation, "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "degreeMilli", "notBefore", "notAfter", "granteeJkt", line)
     SELECT gen_random_uuid(), jkt, jti, id, $3, text, incarnation, $4, $5, $6, $7, 1000, to_timestamp($8), to_timestamp($9), $10, $10 FROM x`,
    [
      JSON.stringify(rows.map(({ id, row }) => ({ id, ...row }))),
      siteId,
      agent.id,
      RIGHTS.cpuMilli,
      RIGHTS.memoryMiB,
      RIGHTS.diskMiB,
      RIGHTS.networkKbps,
      now - 600,
      now + 5_184_000,
      agent.jkt,
    ],
  );
  return new Map(rows.map(({ urn, key, incarnation, row }) => [urn, { key, incarnation, text: row.text }]));
}
