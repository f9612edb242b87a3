import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Logger } from '../../../../log';
import { plainAddress } from '../addresses';
import { runScript } from '../run-script';
import { conntrackLine, type Tracked } from './conntrack-line';
import { type FlowOwner, type FlowQuery, flowOf } from './flow';
import { FlowRing, type FlowsFound } from './flow-ring';

/** Bytes of events that the kernel keeps for us while we are busy. */
const BUFFER_BYTES = 8 * 1_048_576;
const RESTART_MS = 1_000;
/** How often it is written that somebody watches. */
const MARK_MS = 30_000;

export type RecorderOptions = {
  folder: string;
  limits: { bytes: number; ageMs: number };
  ownerOf: (address: string) => FlowOwner | undefined;
  log: Logger;
};

/**
 * Writes down who of the slivers speaks to whom, as the kernel's connection tracking tells it: a child process watches its events and is
 * started again when it ends. What began while nobody watched is taken from the list of what is still tracked; the time is noted as a gap.
 */
export class FlowRecorder {
  private readonly ring: FlowRing;
  private child: ChildProcess | null = null;
  private open = new Set<string>();
  /** Until when somebody watched, where nobody does now; epoch ms. */
  private blindSince: number | null = null;
  private marker: NodeJS.Timeout | null = null;
  private restart: NodeJS.Timeout | null = null;
  private stopped = false;
  private complainedAt = 0;

  constructor(private readonly o: RecorderOptions) {
    this.ring = new FlowRing(o.folder, o.limits);
  }

  /** Resolves when events are being written down. */
  async begin(): Promise<void> {
    const { ids, last } = await this.ring.open();
    this.open = ids;
    this.blindSince = last;
    await this.watch();
    this.marker = setInterval(() => {
      if (this.blindSince === null) this.guarded(() => this.ring.mark(Date.now()));
    }, MARK_MS).unref();
  }

  find(query: FlowQuery, limit: number): Promise<FlowsFound> {
    return this.ring.find({ ...query, peer: query.peer && plainAddress(query.peer) }, limit);
  }

  async close(): Promise<void> {
    this.stopped = true;
    if (this.marker) clearInterval(this.marker);
    if (this.restart) clearTimeout(this.restart);
    const { child } = this;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'close');
      child.kill('SIGTERM');
      await ended;
    }
    if (this.blindSince === null && this.child) this.guarded(() => this.ring.mark(Date.now()));
    this.ring.close();
  }

  private async watch(): Promise<void> {
    const { log } = this.o;
    // It goes with us, however we go: it would hear nothing of a pipe that closed until the next event.
    const command = ['--pdeathsig', 'KILL', 'conntrack', '-E', '-e', 'NEW,DESTROY', '-o', 'timestamp,id', '-b'];
    const child = spawn('setpriv', [...command, String(BUFFER_BYTES)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' },
      detached: true,
    });
    this.child = child;
    let said = '';
    const listening = new Promise<void>((resolve) => {
      // Its first words say that the kernel's buffer was set: from then on it listens.
      child.stderr?.on('data', (chunk: Buffer) => {
        said = (said + chunk).slice(-500);
        resolve();
      });
      child.once('close', () => resolve());
      child.once('error', () => resolve());
    });
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.take(conntrackLine(line)));
    child.once('error', (err) => log.warn({ err }, 'flows cannot be watched'));
    child.once('close', (code) => {
      if (this.stopped) return;
      this.blindSince ??= Date.now();
      log.warn({ code, said: said.trim() }, 'the watch over flows ended: beginning anew');
      this.restart = setTimeout(() => void this.watch(), RESTART_MS).unref();
    });
    await listening;
    if (this.stopped || child.exitCode !== null) return;
    await this.catchUp();
  }

  /** Takes in what began, and what ended, while nobody watched. */
  private async catchUp(): Promise<void> {
    try {
      const listed = await runScript('conntrack', 'for f in ipv4 ipv6; do conntrack -L -f $f -o id; done\n');
      if (this.stopped) return;
      const now = Date.now();
      const { blindSince } = this;
      if (blindSince !== null) this.guarded(() => this.ring.gap(blindSince, now));
      this.blindSince = null;
      const alive = new Set<string>();
      for (const line of listed.split('\n')) {
        const tracked = conntrackLine(line);
        if (!tracked) continue;
        alive.add(tracked.id);
        if (!this.open.has(tracked.id)) this.take({ ...tracked, event: 'new' });
      }
      for (const id of [...this.open]) if (!alive.has(id)) this.end(id, now);
    } catch (err) {
      this.o.log.warn({ err }, 'what is tracked could not be listed');
    }
  }

  private take(tracked: Tracked | null): void {
    if (!tracked || this.stopped) return;
    const at = tracked.at ?? Date.now();
    if (tracked.event === 'destroy') {
      if (this.open.has(tracked.id)) this.end(tracked.id, at);
      return;
    }
    if (this.open.has(tracked.id)) return;
    const flow = flowOf(tracked, at, this.o.ownerOf);
    if (!flow) return;
    this.open.add(flow.id);
    this.guarded(() => this.ring.began(flow));
  }

  private end(id: string, at: number): void {
    this.open.delete(id);
    this.guarded(() => this.ring.ended(id, at));
  }

  /** A disk that is full costs records, said once a minute at most, and nothing else. */
  private guarded(write: () => void): void {
    try {
      write();
    } catch (err) {
      if (this.stopped || Date.now() - this.complainedAt < 60_000) return;
      this.complainedAt = Date.now();
      this.o.log.error({ err }, 'flows cannot be written down');
    }
  }
}
