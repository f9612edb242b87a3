import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { HardAmounts } from '@/core/resources/vector';
import { caFingerprint } from '@/protocol/pki/certificate';
import { loadOrMakeCa } from '@/protocol/pki/deployment-secrets';
import { encodeEnrolmentToken, newEnrolmentSecret } from '@/protocol/pki/enrolment-token';
import { secretStore } from '@/server/data/sealed-secrets';
import { freePort } from '@/tools/postgres.mjs';
import { startTestPostgres } from './postgres-server';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COUNTRIES = [
  'CH',
  'DE',
  'FR',
  'IT',
  'AT',
  'NL',
  'BE',
  'ES',
  'PT',
  'PL',
  'CZ',
  'SE',
  'NO',
  'FI',
  'DK',
  'US',
  'CA',
  'BR',
  'AR',
  'JP',
  'KR',
  'IN',
  'AU',
  'NZ',
  'ZA',
];

export type SimulatedNode = {
  urn: string;
  behaviour: 'normal' | 'slow' | 'down' | 'failing';
  startMs: number;
  capacity?: HardAmounts;
};
/** `north`: a second agent, where one was asked for. */
export type ProgramName = 'agent' | 'north' | 'simulator' | 'worker';

/** A deployment without its web: Postgres, agent, worker and a simulated fleet, each a process of its own. */
export type Deployment = {
  databaseUrl: string;
  pool: pg.Pool;
  /** Environment of its programs, to run more beside them (in this process, too). */
  env: Record<string, string>;
  nodes: SimulatedNode[];
  /** Its site's id and the person who owns what is asked for. */
  siteId: string;
  personId: string;
  pid(program: ProgramName): number;
  /** Sends a signal and waits for the end. */
  kill(program: ProgramName, signal?: NodeJS.Signals): Promise<void>;
  /** Starts a program again, on the same data and port, and waits until it is ready. */
  start(program: ProgramName): Promise<void>;
  /** Makes nodes behave otherwise from now on; what is not named stays. */
  behave(change: Record<string, SimulatedNode['behaviour']>): void;
  /** What a program wrote last. */
  output(program: ProgramName): string;
  /** Ends all and removes every file. */
  remove(): Promise<void>;
};

const MAINS = {
  agent: 'agent/main.ts',
  north: 'agent/main.ts',
  simulator: 'node-manager/simulator.ts',
  worker: 'server/jobs/main.ts',
} as const;

/**
 * Starts a deployment on free ports with data of its own and waits until every node is enrolled and online.
 *
 * @param options.durable Whether Postgres's commits reach the disk: true for benches.
 * @param options.nodes How many simulated nodes, or which.
 */
export async function startDeployment(options: {
  nodes: number | SimulatedNode[];
  durable?: boolean;
  workerEnv?: Record<string, string>;
  heartbeatMs?: number;
  deadlineMs?: number;
  /** Runs the agent `am.north` beside the first. */
  secondAgent?: boolean;
}): Promise<Deployment> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-deployment-'));
  const postgres = await startTestPostgres({ durable: options.durable ?? false });
  const databaseUrl = await postgres.createDatabase('meridian');
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 5 });
  pool.on('error', () => {});
  const [agentPort, simulatorPort] = [await freePort(), await freePort()];
  const sealKey = randomBytes(32);
  const manifest = join(folder, 'manifest.jsonl');
  const env: Record<string, string> = {
    DATABASE_URL: databaseUrl,
    MERIDIAN_SEAL_KEY: sealKey.toString('base64url'),
    MERIDIAN_AUTHORITY: 'test',
    MERIDIAN_DATA: folder,
    MERIDIAN_LOG_LEVEL: process.env.MERIDIAN_LOG_LEVEL ?? 'info',
    MERIDIAN_SUPERVISED: '1',
    MERIDIAN_AGENT_LISTEN: `127.0.0.1:${agentPort}`,
    MERIDIAN_AGENT_ADDRESS: `127.0.0.1:${agentPort}`,
    MERIDIAN_SIMULATOR_LISTEN: `127.0.0.1:${simulatorPort}`,
    MERIDIAN_SIMULATOR_MANIFEST: manifest,
    MERIDIAN_NODE_HEARTBEAT_MS: String(options.heartbeatMs ?? 10_000),
    ...options.workerEnv,
  };
  const northPort = options.secondAgent ? await freePort() : 0;
  const own: Partial<Record<ProgramName, Record<string, string>>> = {
    north: {
      MERIDIAN_AGENT_NAME: 'north',
      MERIDIAN_AGENT_LISTEN: `127.0.0.1:${northPort}`,
      MERIDIAN_AGENT_ADDRESS: `127.0.0.1:${northPort}`,
    },
  };
  const running = new Map<ProgramName, ChildProcess>();
  const outputs = new Map<ProgramName, string>();

  const start = async (program: ProgramName) => {
    const child = spawn(
      process.execPath,
      [
        ...(process.env.MERIDIAN_PROFILE?.split(',').includes(program)
          ? ['--cpu-prof', `--cpu-prof-dir=${tmpdir()}/meridian-profiles/${program}`]
          : []),
        '--import',
        'tsx',
        MAINS[program],
      ],
      {
        cwd: ROOT,
        env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'production', VITEST: undefined, ...env, ...own[program] },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'], // when this process dies the channel closes, and so do they
      },
    );
    running.set(program, child);
    await new Promise<void>((ready, failed) => {
      const late = setTimeout(
        () => failed(new Error(`${program} was not ready in time:\n${outputs.get(program) ?? ''}`)),
        options.deadlineMs ?? 120_000,
      );
      const read = (line: string) => {
        outputs.set(program, `${outputs.get(program) ?? ''}${line}\n`.slice(-200_000));
        if (!line.includes('"msg":"ready"')) return;
        clearTimeout(late);
        ready();
      };
      if (child.stdout) createInterface({ input: child.stdout }).on('line', read);
      if (child.stderr) createInterface({ input: child.stderr }).on('line', read);
      child.once('exit', (code, signal) => {
        clearTimeout(late);
        failed(new Error(`${program} ended (${signal ?? code}):\n${outputs.get(program) ?? ''}`));
      });
    });
  };
  const kill = async (program: ProgramName, signal: NodeJS.Signals = 'SIGKILL') => {
    const child = running.get(program);
    running.delete(program);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((done) => child.once('exit', () => done()));
    child.kill(signal);
    await ended;
  };
  const remove = async () => {
    await Promise.all((['worker', 'simulator', 'agent', 'north'] as const).map((program) => kill(program, 'SIGTERM')));
    await pool.end();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };

  try {
    const nodes = typeof options.nodes === 'number' ? simulatedNodes(options.nodes) : options.nodes;
    const store = secretStore(pool);
    const ca = await loadOrMakeCa(store, sealKey, { authority: 'test', now: new Date() });
    const { siteId, personId, tokens } = await seed(pool, nodes, {
      agent: `127.0.0.1:${agentPort}`,
      ca: caFingerprint(ca.certificatePem),
    });
    mkdirSync(join(folder, 'simulator'), { recursive: true });
    const writeManifest = () => {
      const lines = nodes.map(({ urn, ...rest }) =>
        JSON.stringify({ node: urn, token: tokens.get(urn) ?? null, ...rest }),
      );
      writeFileSync(manifest, `${lines.join('\n')}\n`, { mode: 0o600 });
    };
    writeManifest();
    const behave: Deployment['behave'] = (change) => {
      for (const node of nodes) node.behaviour = change[node.urn] ?? node.behaviour;
      writeManifest();
      running.get('simulator')?.kill('SIGHUP');
    };
    await start('agent');
    if (options.secondAgent) await start('north');
    await Promise.all([start('simulator'), start('worker')]);
    await until(
      async () => (await online(pool)) === nodes.filter((n) => n.behaviour !== 'down').length,
      options.deadlineMs ?? 120_000,
      'every node is online',
    );
    return {
      databaseUrl,
      pool,
      env,
      nodes,
      siteId,
      personId,
      behave,
      pid: (program) => running.get(program)?.pid ?? 0,
      kill,
      start,
      output: (program) => outputs.get(program) ?? '',
      remove,
    };
  } catch (err) {
    await remove();
    throw err;
  }
}

/** Waits until the condition holds, looking every 20 ms; throws what was waited for when the deadline passes. */
export async function until(condition: () => Promise<boolean>, deadlineMs: number, what: string): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

export function simulatedNodes(count: number, startMs = 30): SimulatedNode[] {
  return Array.from({ length: count }, (_, i) => ({
    urn: `urn:publicid:IDN+test+node+sim${i}`,
    behaviour: 'normal',
    startMs,
  }));
}

async function online(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM "Heartbeat" h WHERE reachability = 'online' AND EXISTS (SELECT 1 FROM "Delegation" d WHERE d."nodeId" = h."nodeId")`,
  );
  return rows[0]?.n ?? 0;
}

/** One person, who is a researcher of the one site; nodes at one site for each three, in 25 countries. */
async function seed(pool: pg.Pool, nodes: readonly SimulatedNode[], at: { agent: string; ca: string }) {
  const personId = 'person-1';
  await pool.query(
    `INSERT INTO "User" (id, name, email, urn, "updatedAt") VALUES ($1, 'Ada', 'ada@example.org', 'urn:publicid:IDN+test+user+ada', now())`,
    [personId],
  );
  const site = await pool.query<{ id: string }>(
    `INSERT INTO "Site" (id, "loginBase", name, urn, country) VALUES (gen_random_uuid(), 'lab', 'The lab', 'urn:publicid:IDN+test:lab+authority+sa', 'CH') RETURNING id::text`,
  );
  const siteId = site.rows[0]?.id ?? '';
  await pool.query(
    `INSERT INTO "Membership" (id, "userId", "siteId", role) VALUES (gen_random_uuid(), $1, $2, 'researcher')`,
    [personId, siteId],
  );
  const sites = Math.ceil(nodes.length / 3);
  await pool.query(
    `INSERT INTO "Site" (id, "loginBase", name, urn, country)
     SELECT gen_random_uuid(), 'site' || i, 'Site ' || i, 'urn:publicid:IDN+test:site' || i || '+authority+sa', ($2::text[])[1 + i % $3] FROM generate_series(0, $1 - 1) AS i`,
    [sites, COUNTRIES, COUNTRIES.length],
  );
  const tokens = new Map<string, string>();
  const rows = nodes.map(({ urn }, i) => {
    const { secret, secretHash } = newEnrolmentSecret();
    tokens.set(urn, encodeEnrolmentToken({ v: 1, ...at, node: urn, secret }));
    return { urn, hostname: `sim${i}.example.org`, site: `site${i % sites}`, hash: secretHash };
  });
  await pool.query(
    `WITH x AS (SELECT * FROM json_to_recordset($1::json) AS x(urn text, hostname text, site text, hash text)),
     added AS (
       INSERT INTO "Node" (id, urn, hostname, "siteId", country, "bootState", simulated)
       SELECT gen_random_uuid(), x.urn, x.hostname, s.id, s.country, 'boot', true FROM x JOIN "Site" s ON s."loginBase" = x.site RETURNING id, urn
     )
     INSERT INTO "EnrolmentToken" (id, "nodeId", "secretHash", "expiresAt")
     SELECT gen_random_uuid(), a.id, x.hash, now() + interval '1 day' FROM added a JOIN x ON x.urn = a.urn`,
    [JSON.stringify(rows)],
  );
  return { siteId, personId, tokens };
}
