// @ts-check
// The migrations as files and as the database knows them. Asked through pg, since the Prisma CLI takes seconds to say
// that there is nothing to do.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** The folder with one folder per migration. */
export const MIGRATIONS = fileURLToPath(new URL('../prisma/migrations', import.meta.url));

/**
 * Every migration in the order in which they apply.
 *
 * @returns {{ name: string, sql: string, checksum: string }[]}
 */
export function migrationFiles() {
  if (!existsSync(MIGRATIONS)) return [];
  return readdirSync(MIGRATIONS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(MIGRATIONS, entry.name, 'migration.sql')))
    .map((entry) => entry.name)
    .sort()
    .map((name) => {
      const sql = readFileSync(join(MIGRATIONS, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

/**
 * Names of the migrations that a database has not applied (completely); all of them for an empty database. The Prisma
 * CLI's own table tells.
 *
 * @param {string} url
 * @returns {Promise<string[]>}
 */
export async function pendingMigrations(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query("select to_regclass('_prisma_migrations') is not null as known");
    if (!rows[0].known) return migrationFiles().map(({ name }) => name);
    const applied = await client.query(
      'select migration_name from _prisma_migrations where finished_at is not null and rolled_back_at is null',
    );
    const done = new Set(applied.rows.map((row) => row.migration_name));
    return migrationFiles().flatMap(({ name }) => (done.has(name) ? [] : [name]));
  } finally {
    await client.end();
  }
}

/**
 * Applies every migration to an empty database as the Prisma CLI would, in a fraction of its time: for tests and for
 * comparing, not for data that anyone keeps.
 *
 * @param {string} url
 */
export async function applyToEmpty(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const { sql } of migrationFiles()) await client.query(sql);
  } finally {
    await client.end();
  }
}
