// @ts-check
// The database: embedded unless DATABASE_URL says where one is; migrated, the job queue's part too.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { runMigrations } from 'graphile-worker';
import pg from 'pg';
import { pendingMigrations } from '../migrations.mjs';
import { freePort, PostgresUnusable, portIsFree, startPostgres } from '../postgres.mjs';
import { ROOT } from './install.mjs';
import { Unable } from './unable.mjs';

const STANDARD_PORT = 54329;
const OLDEST = 150_000;

/**
 * @typedef {{ url: string, embedded?: import('../postgres.mjs').RunningPostgres, stop: () => Promise<void> }} Database
 */

/**
 * Opens the database and brings it up to date.
 *
 * @param {import('./settings.mjs').Settings} settings
 * @param {ReturnType<typeof import('./output.mjs').openOutput>} output
 * @returns {Promise<Database>}
 */
export async function openDatabase(settings, output) {
  const database = settings.databaseUrl ? await given(settings.databaseUrl) : await embedded(settings, output);
  try {
    await migrate(database.url);
    return database;
  } catch (error) {
    await database.stop();
    throw error;
  }
}

/**
 * @param {string} url
 * @returns {Promise<Database>}
 */
async function given(url) {
  const { hostname, port, pathname } = new URL(url);
  const where = `DATABASE_URL leads to ${hostname}:${port || 5432}${pathname}`;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 8_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query("select current_setting('server_version_num')::int as version");
    if (rows[0].version < OLDEST) throw new Unable(69, `${where}, which is older than Postgres 15.`);
  } catch (error) {
    if (error instanceof Unable) throw error;
    throw new Unable(69, `${where}, ${connectProblem(error)}`);
  } finally {
    await client.end().catch(() => {});
  }
  return { url, stop: async () => {} };
}

/** @param {unknown} error */
function connectProblem(error) {
  const { code, message } = /** @type {{ code?: string, message?: string }} */ (error);
  switch (code) {
    case '28P01':
    case '28000':
      return 'which refuses its user name or password.';
    case '3D000':
      return 'but there is no database of that name; create it first.';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'but there is no host of that name.';
    default:
      return `where no Postgres answers (${code ?? message ?? 'no reason given'}).`;
  }
}

/**
 * @param {import('./settings.mjs').Settings} settings
 * @param {ReturnType<typeof import('./output.mjs').openOutput>} output
 * @returns {Promise<Database>}
 */
async function embedded(settings, output) {
  const options = {
    dataDir: join(settings.data, 'postgres'),
    password: settings.secrets.postgresPassword,
    log: (/** @type {string} */ line) => output.quiet('postgres', line),
    say: (/** @type {string} */ sentence) => console.log(sentence),
  };
  try {
    const postgres = await startPostgres({ ...options, port: () => choosePort(settings.postgresPort) });
    await createDatabase(postgres.url('postgres'));
    return { url: postgres.url(), embedded: postgres, stop: postgres.stop };
  } catch (error) {
    if (error instanceof PostgresUnusable) throw new Unable(69, error.message);
    throw error;
  }
}

/** @param {number | undefined} asked */
async function choosePort(asked) {
  const port = asked ?? STANDARD_PORT;
  if (await portIsFree(port, '127.0.0.1')) return port;
  if (asked)
    throw new Unable(69, `Port ${asked} (MERIDIAN_POSTGRES_PORT) is in use by another program; choose another.`);
  const other = await freePort();
  console.log(`Port ${STANDARD_PORT} is in use by another program: the embedded Postgres listens on ${other}.`);
  return other;
}

/** @param {string} adminUrl */
async function createDatabase(adminUrl) {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query("select 1 from pg_database where datname = 'meridian'");
    if (!rowCount) await client.query('create database meridian');
  } finally {
    await client.end();
  }
}

/** @param {string} url */
async function migrate(url) {
  const pending = await pendingMigrations(url);
  if (pending.length > 0) {
    console.log(`Migrating the database (${pending.length} ${pending.length === 1 ? 'step' : 'steps'}) …`);
    const { code, output } = await deploy(url);
    if (code !== 0) throw new Unable(69, `The database could not be migrated:\n${output.trim()}`);
  }
  await runMigrations({ connectionString: url });
}

/**
 * @param {string} url
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function deploy(url) {
  return new Promise((done, failed) => {
    const child = spawn(join(ROOT, 'node_modules/.bin/prisma'), ['migrate', 'deploy'], {
      cwd: ROOT,
      env: { ...process.env, DATABASE_URL: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output = (output + chunk).slice(-20_000)));
    child.once('error', failed);
    child.once('close', (code) => done({ code, output }));
  });
}
