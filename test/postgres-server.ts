import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { applyToEmpty } from '@/tools/migrations.mjs';
import { removeCluster, startPostgres } from '@/tools/postgres.mjs';

/** Every migration and the job queue's schema are in it; databases of tests are copies. */
export const TEMPLATE = 'meridian_template';

/** A throw-away Postgres with a migrated template database. */
export type TestPostgres = {
  /** Connection URL of a database of this server. */
  url: (database?: string) => string;
  /** Copies the template (some 30 ms) and returns the copy's URL. */
  createDatabase: (name?: string) => Promise<string>;
  /** Ends the server and removes its files. */
  stop: () => Promise<void>;
};

/**
 * Starts a Postgres of its own in a temporary folder on a free port, for tests, benches and browser tests alike.
 *
 * @param options.durable Whether commits reach the disk: false (the default) for tests, true for benches.
 */
export async function startTestPostgres(
  options: { durable?: boolean; maxConnections?: number } = {},
): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-postgres-'));
  chmodSync(folder, 0o711); // the server's own account goes through it
  const server = await startPostgres({
    dataDir: join(folder, 'postgres'),
    password: randomBytes(18).toString('base64url'),
    durable: options.durable ?? false,
    maxConnections: options.maxConnections ?? 300,
  });
  const stop = async () => {
    await server.stop();
    removeCluster(server);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await query(server.url('postgres'), `create database ${TEMPLATE}`);
    await applyToEmpty(server.url(TEMPLATE));
    await runMigrations({ connectionString: server.url(TEMPLATE) });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: server.url, createDatabase: (name) => copyTemplate(server.url('postgres'), name), stop };
}

/** Copies the template database of the server that `adminUrl` leads to; returns the copy's URL. */
export async function copyTemplate(adminUrl: string, name = `test_${randomBytes(6).toString('hex')}`): Promise<string> {
  await query(adminUrl, `create database ${pg.escapeIdentifier(name)} template ${TEMPLATE}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** Drops a database, ending its connections. Idempotent. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await query(adminUrl, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
