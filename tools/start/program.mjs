// @ts-check
// One child of the supervisor: started, waited for until it is ready, started again when it dies, stopped in time.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ROOT } from './install.mjs';
import { killGroup, startedAt } from './leftover.mjs';
import { decodeLine } from './output.mjs';
import { Unable } from './unable.mjs';

/** A program that lived this long is started again at once when it dies; one that did not waits longer each time. */
const SETTLED_MS = 30_000;
const MAX_BACKOFF_MS = 10_000;
const READY_MS = 120_000;
/** sysexits.h: the program cannot run as it is configured, so that starting it again is of no use. */
const EX_CONFIG = 78;

/**
 * @typedef {object} ProgramSpec
 * @property {string} name
 * @property {string} main Path below the root.
 * @property {Record<string, string>} env
 * @property {number} stopMs How long it may take to end.
 */

/** A program under supervision. */
export class Program {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #child;
  #stopping = false;
  #failures = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #restart;
  #last = '';
  pid = 0;
  /** The facts of its "ready" line. @type {Record<string, unknown>} */
  facts = {};

  /**
   * @param {ProgramSpec} spec
   * @param {ReturnType<typeof import('./output.mjs').openOutput>} output
   * @param {{ changed: () => void, broken: (error: Unable) => void }} events `changed` when its process is another,
   *   `broken` when it cannot go on.
   */
  constructor(spec, output, events) {
    this.spec = spec;
    this.output = output;
    this.events = events;
  }

  /** Starts it and waits until it says "ready". @returns {Promise<void>} */
  start() {
    const { name, main, env, stopMs: _ } = this.spec;
    const child = spawn(process.execPath, ['--import', 'tsx', main], {
      cwd: ROOT,
      // A group of its own, so that Ctrl-C reaches the supervisor alone, which then stops all in order. The IPC channel
      // closes with the supervisor, however that ends: programs end themselves then.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...env, MERIDIAN_SUPERVISED: '1', MERIDIAN_PROGRAM: name },
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    const began = Date.now();
    return new Promise((ready, failed) => {
      let isReady = false;
      const late = setTimeout(() => {
        failed(new Unable(70, `The ${name} did not get ready in ${READY_MS / 1000} s; see ${name}.log.`));
      }, READY_MS);
      const read = (/** @type {string} */ line) => {
        this.output.line(name, line);
        const decoded = decodeLine(line);
        if (!decoded || decoded.level >= 40) this.#last = decoded?.msg ?? line;
        if (decoded?.msg !== 'ready' || isReady) return;
        isReady = true;
        clearTimeout(late);
        this.facts = decoded.facts;
        ready(undefined);
      };
      for (const stream of [child.stdout, child.stderr]) {
        if (stream) createInterface({ input: stream }).on('line', read);
      }
      child.once('error', (error) => failed(error));
      child.once('exit', (code, signal) => {
        clearTimeout(late);
        this.#child = undefined;
        this.pid = 0;
        killGroup(child.pid ?? 0, 'SIGKILL'); // whatever it left in its group
        if (this.#stopping) return failed(new Unable(69, `The ${name} was stopped before it was ready.`));
        const how = signal ?? `exit code ${code}`;
        const error = new Unable(
          code === EX_CONFIG ? EX_CONFIG : 70,
          `The ${name} cannot run (${how}): ${this.#last || 'it gave no reason'}`,
        );
        if (!isReady) return failed(error);
        if (code === EX_CONFIG) return this.events.broken(error);
        this.#again(how, Date.now() - began);
      });
      this.events.changed();
    });
  }

  /** @param {string} how @param {number} livedMs */
  #again(how, livedMs) {
    this.#failures = livedMs >= SETTLED_MS ? 0 : this.#failures + 1;
    const wait = Math.min(MAX_BACKOFF_MS, 250 * 2 ** this.#failures);
    this.output.line(
      'meridian',
      `the ${this.spec.name} ended (${how}); starting it again in ${(wait / 1000).toFixed(1)} s`,
    );
    this.#restart = setTimeout(() => {
      const began = Date.now();
      this.start().catch((error) => {
        if (this.#stopping) return;
        if (error instanceof Unable && error.exitCode === EX_CONFIG) this.events.broken(error);
        else if (this.pid === 0) this.#again(error.message, Date.now() - began);
      });
    }, wait);
  }

  /** Asks it to end, and kills it and its group when it does not within its time. Idempotent. */
  async stop() {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (!child?.pid) return;
    const pid = child.pid;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGTERM');
    const late = setTimeout(() => {
      this.output.line('meridian', `the ${this.spec.name} did not end in ${this.spec.stopMs / 1000} s; killing it`);
      killGroup(pid, 'SIGKILL');
    }, this.spec.stopMs);
    await gone;
    clearTimeout(late);
  }

  /** Kills it and its group at once. */
  kill() {
    this.#stopping = true;
    clearTimeout(this.#restart);
    if (this.pid) killGroup(this.pid, 'SIGKILL');
  }

  /** How the next start finds this process if we are killed. */
  get written() {
    return { pid: this.pid, started: startedAt(this.pid) };
  }
}
