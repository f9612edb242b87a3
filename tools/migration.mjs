// @ts-check
// `node tools/migration.mjs <name>`: writes the migration from what prisma/migrations says to what prisma/schema.prisma
// says, over a throw-away Postgres. `--empty` writes a folder for SQL that Prisma has no words for; `--check` only says
// whether schema and migrations agree (exit code 1 when they do not).
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { applyToEmpty, MIGRATIONS } from './migrations.mjs';
import { removeCluster, startPostgres } from './postgres.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const check = process.argv.includes('--check');
const empty = process.argv.includes('--empty');
const name = process.argv.slice(2).find((argument) => !argument.startsWith('--'));
if (!check && !/^[a-z][a-z0-9_]{2,60}$/.test(name ?? '')) {
  console.error('Usage: node tools/migration.mjs <name_in_lower_case> [--empty] | --check');
  process.exit(64);
}

const difference = empty ? '-- Written by hand: say here why.\n' : await compare();
if (check) {
  if (!difference) console.log('prisma/schema.prisma and prisma/migrations agree.');
  else
    console.error(
      `prisma/schema.prisma says more than prisma/migrations:\n\n${difference}\nRun: node tools/migration.mjs <name>`,
    );
  process.exit(difference ? 1 : 0);
}
if (!difference) {
  console.log('Nothing to migrate: prisma/schema.prisma and prisma/migrations agree.');
  process.exit(0);
}
const stamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
const folder = join(MIGRATIONS, `${stamp}_${name}`);
mkdirSync(folder, { recursive: true });
writeFileSync(
  join(MIGRATIONS, 'migration_lock.toml'),
  '# Prisma reads this; keep it under version control.\nprovider = "postgresql"\n',
);
writeFileSync(join(folder, 'migration.sql'), difference);
console.log(
  `Wrote ${relative(root, folder)}/migration.sql. Read it, add what Prisma has no words for, commit it with the code.`,
);

/** SQL from the migrations to the schema; the empty string when they agree. */
async function compare() {
  const temporary = mkdtempSync(join(tmpdir(), 'meridian-migration-'));
  chmodSync(temporary, 0o711); // the server's own account goes through it
  const postgres = await startPostgres({ dataDir: join(temporary, 'postgres'), password: 'migration', durable: false });
  try {
    const client = new pg.Client(postgres.url('postgres'));
    await client.connect();
    await client.query('create database meridian');
    await client.end();
    await applyToEmpty(postgres.url());
    const diff = spawnSync(
      join(root, 'node_modules/.bin/prisma'),
      ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'prisma/schema.prisma', '--script', '--exit-code'],
      { cwd: root, env: { ...process.env, DATABASE_URL: postgres.url() }, encoding: 'utf8' },
    );
    if (diff.status === 0) return '';
    if (diff.status === 2) return diff.stdout;
    throw new Error(`prisma migrate diff failed:\n${diff.stderr}${diff.stdout}`);
  } finally {
    await postgres.stop();
    removeCluster(postgres);
    rmSync(temporary, { recursive: true, force: true });
  }
}
