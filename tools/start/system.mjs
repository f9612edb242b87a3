// @ts-check
// The supervisor: everything of a Meridian system on one machine, started in order, watched, stopped in order.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { portIsFree } from '../postgres.mjs';
import { buildPages, generateClient } from './build.mjs';
import { openDatabase } from './database.mjs';
import { installSliverTools, ROOT } from './install.mjs';
import { endLeftovers, startedAt, stillRuns } from './leftover.mjs';
import { openOutput } from './output.mjs';
import { Program } from './program.mjs';
import { dataFiles, programs, sharedEnvironment } from './programs.mjs';
import { readSettings, writePrivate } from './settings.mjs';
import { summary } from './summary.mjs';
import { Unable } from './unable.mjs';

/** Programs that outlived a killed supervisor end themselves; this long they are waited for. */
const LEFTOVER_MS = 15_000;

/**
 * Starts the system and runs it until it is asked to stop.
 *
 * @param {{ dev: boolean, demo: boolean, fleet: number | undefined }} options
 * @returns {Promise<number>} Exit code.
 */
export async function runSystem(options) {
  const began = Date.now();
  const settings = readSettings(process.env);
  const files = dataFiles(settings.data);
  await claimData(files.running, settings);
  await portsAreFree(settings);
  const stop = stopSignal();
  const output = openOutput(settings.data, settings.logLevel);
  /** @type {Program[]} */
  const running = [];
  /** @type {import('./database.mjs').Database | undefined} */
  let database;
  let ready = false;
  const write = () => writeRunning(files.running, settings, database, running, ready);
  write();

  try {
    const tools = settings.driver === 'simulated' ? { able: false } : installSliverTools();
    if (tools.sentence) console.log(tools.sentence);
    database = await openDatabase(settings, output);
    write();
    stop.check();
    await stop.or(generateClient());
    const build = options.dev ? undefined : await stop.or(buildPages());
    const shared = sharedEnvironment(settings, database.url);
    if (options.demo) await stop.or(seedDemo(files, database.url, shared, options.fleet));

    const specs = programs(settings, shared, {
      build,
      driver: settings.driver ?? (tools.able ? 'auto' : 'simulated'),
      withNode:
        existsSync(files.nodeToken) || Boolean(process.env.MERIDIAN_NODE_TOKEN) || holds(join(settings.data, 'node')),
      withSimulator: existsSync(files.manifest),
    });
    const events = { changed: write, broken: stop.because };
    running.push(...specs.map((spec) => new Program(spec, output, events)));
    database.embedded?.exited.then(() =>
      stop.because(new Unable(70, 'The embedded Postgres ended by itself; see postgres.log.')),
    );
    // The agent first: nodes enrol and report there. The others do not wait for each other.
    const [agent, ...others] = running;
    if (agent) await stop.or(agent.start());
    await stop.or(Promise.all(others.map((program) => program.start())));
    ready = true;
    write();
    console.log(summary({ settings, files, running, tookMs: Date.now() - began }));
    await stop.asked;
    return 0;
  } catch (error) {
    if (error === stop.reason) return 0;
    throw error;
  } finally {
    await end(running, database, stop, output);
    rmSync(files.running, { force: true });
  }
}

/**
 * Stops what runs, in the reverse order, each with its deadline; at a second request, at once.
 *
 * @param {Program[]} running
 * @param {import('./database.mjs').Database | undefined} database
 * @param {ReturnType<typeof stopSignal>} stop
 * @param {ReturnType<typeof openOutput>} output
 */
async function end(running, database, stop, output) {
  if (running.length > 0) output.line('meridian', 'stopping (once more to stop at once)');
  stop.again(() => {
    for (const program of running) program.kill();
  });
  for (const program of running.toReversed()) await program.stop();
  await database?.stop();
  if (running.length > 0) output.line('meridian', 'stopped');
}

/** Requests to stop, from the terminal, from whoever runs us, or from a program that cannot go on. */
function stopSignal() {
  const reason = new Error('asked to stop');
  /** @type {(error?: Unable) => void} */
  let ask = () => {};
  let isAsked = false;
  let second = () => {};
  const asked = new Promise((done, failed) => {
    ask = (error) => {
      if (isAsked && !error) second();
      isAsked = true;
      if (error) failed(error);
      else done(undefined);
    };
  });
  asked.catch(() => {});
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => ask());
  // A test or a bench that started us holds a channel; we end with it.
  if (process.channel) process.on('disconnect', () => ask());
  return {
    reason,
    asked,
    /** @param {Unable} error */
    because: (error) => ask(error),
    /** @param {() => void} what */
    again: (what) => {
      second = what;
    },
    check() {
      if (isAsked) throw reason;
    },
    /**
     * The work's result, or the request to stop if that comes first.
     * @template T
     * @param {Promise<T>} work
     * @returns {Promise<T>}
     */
    or(work) {
      work.catch(() => {});
      return Promise.race([work, asked.then(() => Promise.reject(reason))]);
    },
  };
}

/**
 * One system a data folder. What a killed one left running is ended first.
 *
 * @param {string} file
 * @param {import('./settings.mjs').Settings} settings
 */
async function claimData(file, settings) {
  if (!existsSync(file)) return;
  /** @type {{ supervisor?: { pid: number, started: string }, url?: string, programs?: Record<string, { pid: number, started: string }> }} */
  let written = {};
  try {
    written = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // cut short: nothing to learn from it
  }
  if (written.supervisor && stillRuns(written.supervisor)) {
    throw new Unable(
      69,
      `Meridian already runs on ${settings.data} (process ${written.supervisor.pid}, ${written.url}).`,
    );
  }
  const left = Object.values(written.programs ?? {}).filter(stillRuns);
  if (left.length > 0) console.log('Ending what an earlier start left behind …');
  await endLeftovers(left, LEFTOVER_MS);
  rmSync(file, { force: true });
}

/** @param {import('./settings.mjs').Settings} settings */
async function portsAreFree(settings) {
  const wanted = [
    { variable: 'PORT', what: 'the web server', host: settings.host, port: settings.port },
    ...Object.entries(settings.listen).map(([name, address]) => ({
      variable: `MERIDIAN_${name.toUpperCase()}_LISTEN`,
      what: `the ${name}`,
      host: address.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''),
      port: Number(address.slice(address.lastIndexOf(':') + 1)),
    })),
  ];
  for (const { variable, what, host, port } of wanted) {
    if (await portIsFree(port, host)) continue;
    throw new Unable(
      69,
      `Port ${port} is in use by another program. Stop that, or set ${variable} to another for ${what}.`,
    );
  }
}

/**
 * Fills an empty system with the demo's people and nodes. Once: what people changed since is theirs.
 *
 * @param {ReturnType<typeof dataFiles>} files
 * @param {string} databaseUrl
 * @param {Record<string, string>} shared
 * @param {number | undefined} fleet
 */
async function seedDemo(files, databaseUrl, shared, fleet) {
  if (existsSync(files.demo) && (await hasPeople(databaseUrl))) return;
  console.log('Seeding the demo …');
  await new Promise((done, failed) => {
    const seed = spawn(process.execPath, ['--import', 'tsx', 'prisma/seed.ts'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...shared, ...(fleet === undefined ? {} : { MERIDIAN_DEMO_NODES: String(fleet) }) },
    });
    let said = '';
    for (const stream of [seed.stdout, seed.stderr])
      stream.on('data', (chunk) => (said = (said + chunk).slice(-20_000)));
    seed.once('error', failed);
    seed.once('close', (code) => {
      if (code === 0) done(undefined);
      else failed(new Unable(70, `The demo could not be seeded:\n${said.trim()}`));
    });
  });
}

/** Whether a folder is there and has something in it. @param {string} folder */
function holds(folder) {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** @param {string} url */
async function hasPeople(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query('select 1 from "User" limit 1')).rowCount === 1;
  } finally {
    await client.end();
  }
}

/**
 * @param {string} file
 * @param {import('./settings.mjs').Settings} settings
 * @param {import('./database.mjs').Database | undefined} database
 * @param {Program[]} running
 * @param {boolean} ready Whether every program has said so.
 */
function writeRunning(file, settings, database, running, ready) {
  writePrivate(file, {
    supervisor: { pid: process.pid, started: startedAt(process.pid) },
    url: settings.url,
    databaseUrl: database?.url ?? null,
    listen: settings.listen,
    postgres: database?.embedded ? { pid: database.embedded.pid, port: database.embedded.port } : null,
    ready,
    programs: Object.fromEntries(
      running.filter((program) => program.pid > 0).map((program) => [program.spec.name, program.written]),
    ),
  });
}
