import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { secretStore } from '@/agent/store/deployment';
import { loadOrMakeCa, loadOrMakeServiceManagerKey } from '@/protocol/pki/deployment-secrets';
import { selfIssue } from '@/protocol/pki/identity';
import { agentUrn, serviceManagerUrn } from '@/protocol/pki/names';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey, type IdentityKey, jwkFromRaw } from '@/protocol/statement/keys';
import { signStatement } from '@/protocol/statement/sign';
import type { TicketVerifyContext } from '@/protocol/statement/ticket';
import { agentClient, closeClients } from '@/protocol/transport/client';
import { startTestPostgres } from '@/test/postgres-server';
import { freePort } from '@/tools/postgres.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NODES = 1_000;
/** One request's tickets: one for each node, as for the largest slice. */
export const TICKETS_PER_REQUEST = NODES;
/** So much that no round runs out. */
const RIGHTS = { cpuMilli: 1_024_000, memoryMiB: 16_000_000, diskMiB: 500_000_000, networkKbps: 300_000_000 };

export type IssuingAgent = {
  /** One request for a ticket on each node. */
  issue(): Promise<{ node: string; text: string }[]>;
  /** What a node's own verification is against. */
  contextOf(node: string): TicketVerifyContext;
  /** A key for the raw cost. */
  rawKey: IdentityKey;
  stop(): Promise<void>;
};

/** A real agent process over a Postgres of its own whose commits reach the disk, with a thousand nodes that delegated to it. */
export async function startIssuingAgent(): Promise<IssuingAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-bench-tickets-'));
  const postgres = await startTestPostgres({ durable: true });
  const databaseUrl = await postgres.createDatabase('meridian');
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  const sealKey = randomBytes(32);
  const address = `127.0.0.1:${await freePort()}`;
  const child = await startAgent({
    DATABASE_URL: databaseUrl,
    MERIDIAN_SEAL_KEY: sealKey.toString('base64url'),
    MERIDIAN_AGENT_DATA: folder,
    MERIDIAN_AGENT_LISTEN: address,
    MERIDIAN_SUPERVISED: '1',
  });
  const store = secretStore(pool);
  const ca = await loadOrMakeCa(store, sealKey, { authority: 'meridian', now: new Date() });
  const key = await loadOrMakeServiceManagerKey(store, sealKey);
  const { identity } = await selfIssue(ca, serviceManagerUrn('meridian'), key, new Date());
  const { rows } = await pool.query<{ id: string; jkt: string; publicKey: string }>(
    `SELECT id::text, jkt, "publicKey" FROM "Agent"`,
  );
  const agent = rows[0];
  if (!agent) throw new Error('the agent did not register');
  const nodes = await seedNodes(pool, agent);
  const client = agentClient({ address, urn: agentUrn('meridian'), jkt: agent.jkt }, identity);
  const urns = [...nodes.keys()];
  return {
    rawKey: generateIdentityKey(),
    async issue() {
      const start = Math.floor(Date.now() / 1000);
      const answer = await client.issue.mutate({
        idempotencyKey: randomUUID(),
        slice: 'urn:publicid:IDN+meridian+slice+bench_all',
        sub: 'urn:publicid:IDN+meridian+user+bench',
        resources: { ...DEFAULT_RESOURCES, cpuMilli: 1, memoryMiB: 1, diskMiB: 1, networkKbps: 1 },
        nodes: urns,
        start,
        end: start + 86_400,
        graceSeconds: 0,
      });
      return answer.tickets.map(({ node, ticket }) => ({ node, text: ticket }));
    },
    contextOf(node) {
      const known = nodes.get(node);
      if (!known) throw new Error(`no such node: ${node}`);
      return {
        nodeUrn: node,
        nodeJwk: known.key.jwk,
        incarnation: known.incarnation,
        now: Date.now(),
        revokedKeys: new Set(),
        holderJkt: identity.jkt,
      };
    },
    async stop() {
      await closeClients(identity);
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
      await pool.end();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
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

async function seedNodes(pool: pg.Pool, agent: { id: string; jkt: string; publicKey: string }) {
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
     INSERT INTO "Delegation" (id, iss, jti, "nodeId", "agentId", text, incarnation, "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "degreeMilli", "notBefore", "notAfter")
     SELECT gen_random_uuid(), jkt, jti, id, $3, text, incarnation, $4, $5, $6, $7, 1000, to_timestamp($8), to_timestamp($9) FROM x`,
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
    ],
  );
  return new Map(rows.map(({ urn, key, incarnation }) => [urn, { key, incarnation }]));
}
