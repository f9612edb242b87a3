// @ts-check
// What is made from the sources: Prisma's client and the pages. Made again only when what it is made from has changed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ROOT } from './install.mjs';
import { processAlive } from './leftover.mjs';
import { Unable } from './unable.mjs';

const CLIENT = ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json'];
const PAGES = [
  ...['app', 'components', 'core', 'protocol', 'server', 'public', 'prisma/schema.prisma'],
  ...['next.config.js', 'postcss.config.mjs', 'tsconfig.json', 'package-lock.json'],
];
/** Old builds that are kept: systems that still run may be using them. */
const KEPT_BUILDS = 4;

/** Makes Prisma's client where it is missing or old. */
export async function generateClient() {
  const stamp = join(ROOT, 'server/generated/prisma/.inputs');
  const hash = hashOf(CLIENT);
  const current = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
  await once(current, 'Generating the database client …', async () => {
    await run('node_modules/.bin/prisma', ['generate']);
    writeFileSync(stamp, hash);
  });
}

/**
 * Builds the pages where they are missing or old. A build is copied out of `.next`, so that one made for a second system
 * (a test's, after an edit) does not pull the files from under a first that runs.
 *
 * @returns {Promise<string>} The build's folder below the root: NEXT_DIST_DIR for the web program.
 */
export async function buildPages() {
  const hash = hashOf(PAGES).slice(0, 16);
  const builds = join(ROOT, '.data', 'builds');
  const build = join(builds, hash);
  await once(
    () => existsSync(build),
    'Building the pages (next build) …',
    async () => {
      await run('node_modules/.bin/next', ['build']);
      const partial = `${build}.partial`;
      rmSync(partial, { recursive: true, force: true });
      // Symbolic links to packages become absolute in the copy.
      cpSync(join(ROOT, '.next'), partial, {
        recursive: true,
        filter: (path) => !NOT_SERVED.has(relative(ROOT, path)),
      });
      renameSync(partial, build);
    },
  );
  const now = new Date();
  utimesSync(build, now, now);
  const byAge = readdirSync(builds).sort(
    (a, b) => statSync(join(builds, b)).mtimeMs - statSync(join(builds, a)).mtimeMs,
  );
  for (const old of byAge.slice(KEPT_BUILDS)) rmSync(join(builds, old), { recursive: true, force: true });
  return relative(ROOT, build);
}

/** What Next keeps for itself. */
const NOT_SERVED = new Set(['.next/cache', '.next/dev', '.next/diagnostics', '.next/trace', '.next/trace-build']);

/**
 * Makes something that may be current already, or become so while another start makes it.
 *
 * @param {() => boolean} current
 * @param {string} sentence
 * @param {() => Promise<void>} make
 */
async function once(current, sentence, make) {
  if (current()) return;
  const release = await takeLock();
  try {
    if (current()) return;
    console.log(sentence);
    await make();
  } finally {
    release();
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<void>}
 */
function run(program, args) {
  return new Promise((done, failed) => {
    // A group of its own, which ends with us, however we are told to: one left running holds up the next start's build.
    const child = spawn(join(ROOT, program), args, {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_ENV: 'production',
        NEXT_DIST_DIR: undefined,
        NEXT_TELEMETRY_DISABLED: '1',
        // Modules that are evaluated at build ask for these; the real ones must not end up in the build.
        DATABASE_URL: 'postgresql://build:build@127.0.0.1:1/build',
        BETTER_AUTH_SECRET: 'only-for-the-build-only-for-the-build',
      },
    });
    writeFileSync(LOCK, `${process.pid} ${child.pid}`);
    const stop = (/** @type {NodeJS.Signals} */ signal) => {
      endBuild(Number(child.pid));
      for (const each of SIGNALS) process.off(each, stop);
      process.kill(process.pid, signal);
    };
    for (const each of SIGNALS) process.on(each, stop);
    child.once('close', () => {
      for (const each of SIGNALS) process.off(each, stop);
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output = (output + chunk).slice(-20_000)));
    child.once('error', failed);
    child.once('close', (code) => {
      if (code === 0) done();
      else failed(new Unable(70, `${program} ${args.join(' ')} failed:\n${output.trim()}`));
    });
  });
}

/** @param {string[]} inputs */
function hashOf(inputs) {
  const hash = createHash('sha256').update(process.versions.node.split('.')[0] ?? '');
  const add = (/** @type {string} */ path) => hash.update(`${path}\0`).update(readFileSync(join(ROOT, path)));
  for (const input of inputs) {
    if (!existsSync(join(ROOT, input))) continue;
    const files = filesBelow(input);
    for (const file of files) add(file);
  }
  return hash.digest('hex');
}

/** @param {string} path @returns {string[]} */
function filesBelow(path) {
  let entries;
  try {
    entries = readdirSync(join(ROOT, path), { withFileTypes: true });
  } catch {
    return [path];
  }
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.name === 'generated' || /\.test\.tsx?$/.test(entry.name)) return [];
      return entry.isDirectory() ? filesBelow(`${path}/${entry.name}`) : [`${path}/${entry.name}`];
    });
}

const LOCK = join(ROOT, '.data', 'build.lock');
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

/** Ends a build with all that it started, if that is what still has this number. @param {number} pid */
function endBuild(pid) {
  try {
    if (pid > 1 && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('next')) process.kill(-pid, 'SIGKILL');
  } catch {
    // it is gone
  }
}

/** One build at a time in a clone, also when two systems start side by side. @returns {Promise<() => void>} */
async function takeLock() {
  const file = LOCK;
  mkdirSync(dirname(file), { recursive: true, mode: 0o711 });
  for (let said = false; ; said = true) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch {
      const [starter, build] = safeRead(file).split(' ').map(Number);
      if (!processAlive(Number(starter))) {
        endBuild(Number(build)); // of a start that was killed
        rmSync(file, { force: true });
      } else if (!said) console.log('Another start builds already; waiting for it …');
      await new Promise((done) => setTimeout(done, 200));
    }
  }
}

/** @param {string} file */
function safeRead(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
