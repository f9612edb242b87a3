// @ts-check
// What is made from the sources: Prisma's client and the pages. Made again only when what it is made from has changed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { processAlive } from './leftover.mjs';
import { ROOT } from './install.mjs';
import { Unable } from './unable.mjs';

const CLIENT = {
  inputs: ['prisma/schema.prisma', 'prisma.config.ts', 'package-lock.json'],
  stamp: 'server/generated/prisma/.inputs',
};
const PAGES = {
  inputs: [
    ...['app', 'components', 'core', 'protocol', 'server', 'public', 'prisma/schema.prisma'],
    ...['next.config.js', 'postcss.config.mjs', 'tsconfig.json', 'package-lock.json'],
  ],
  // Where next.config.js builds to.
  stamp: `${process.env.NEXT_DIST_DIR ?? '.next'}/.inputs`,
};

/** Makes Prisma's client where it is missing or old. */
export async function generateClient() {
  await upToDate(CLIENT, 'Generating the database client …', ['node_modules/.bin/prisma', 'generate']);
}

/** Builds the pages where they are missing or old. */
export async function buildPages() {
  await upToDate(PAGES, 'Building the pages (next build) …', ['node_modules/.bin/next', 'build']);
}

/**
 * @param {{ inputs: string[], stamp: string }} product
 * @param {string} sentence
 * @param {[string, ...string[]]} command
 */
async function upToDate(product, sentence, [program, ...args]) {
  const hash = hashOf(product.inputs);
  const stamp = join(ROOT, product.stamp);
  const current = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
  if (current()) return;
  const release = await takeLock();
  try {
    if (current()) return; // another start made it while we waited
    console.log(sentence);
    rmSync(stamp, { force: true });
    const { code, output } = await run(join(ROOT, program), args);
    if (code !== 0) throw new Unable(70, `${program} ${args.join(' ')} failed:\n${output.trim()}`);
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, hash);
  } finally {
    release();
  }
}

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function run(program, args) {
  return new Promise((done, failed) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        NODE_ENV: 'production',
        NEXT_TELEMETRY_DISABLED: '1',
        // Modules that are evaluated at build ask for these; the real ones must not end up in the build.
        DATABASE_URL: 'postgresql://build:build@127.0.0.1:1/build',
        BETTER_AUTH_SECRET: 'only-for-the-build-only-for-the-build',
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output = (output + chunk).slice(-20_000)));
    child.once('error', failed);
    child.once('close', (code) => done({ code, output }));
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

/** One build at a time in a clone, also when two systems start side by side. @returns {Promise<() => void>} */
async function takeLock() {
  const file = join(ROOT, '.data', 'build.lock');
  mkdirSync(dirname(file), { recursive: true, mode: 0o711 });
  for (let said = false; ; said = true) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => rmSync(file, { force: true });
    } catch {
      if (!processAlive(Number(safeRead(file)))) rmSync(file, { force: true });
      else if (!said) console.log('Another start builds already; waiting for it …');
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
