import { bestOffset, type ClockOffset, type ClockReading } from '@/core/time/clock-offset';
import type { HostUsage, SliverUse, UsageReport } from '@/protocol/node-manager/usage';
import type { SliverCounters } from '../drivers/driver';
import type { Logger } from '../log';
import type { HostReading } from './host';
import { readMeters, writeMeters } from './kept';
import { SliverMeter } from './meter';

/** How often the monitor looks when nobody asks. */
export const LOOK_MS = 10_000;
/** Who asks again sooner gets the last look. */
const FRESH_MS = 1_000;
const CLOCK_READINGS = 8;
/** Slivers in one report; a node has no more. */
const MAX_SLIVERS = 1_000;

export type MonitorOptions = {
  /** Null for a simulated node: it uses nothing of the host. */
  readHost: (() => HostReading) | null;
  counters: () => Promise<ReadonlyMap<string, SliverCounters>>;
  /** Ids of the leases that live. */
  leases: () => Iterable<string>;
  /** Epoch ms; never goes back. */
  now: () => number;
  abilities: readonly { name: string; able: boolean }[];
  /** Where meters are kept over a restart; null: nowhere. */
  file: string | null;
  log: Logger;
};

/** A look at the host and all slivers at one moment. */
export type Look = { at: number; host: HostReading; clock: ClockOffset | null };

/**
 * Resource monitor: looks at the host and its slivers every ten seconds and when asked, adds up, and hands out what was used since the last
 * report that arrived.
 */
export class Monitor {
  readonly meters = new Map<string, SliverMeter>();
  last: Look | null = null;
  private before: Look | null = null;
  private reported: Look | null = null;
  private pending: UsageReport | null = null;
  /** When the agent last answered a heartbeat, epoch ms; 0: not yet. */
  heardAt = 0;
  private readonly readings: ClockReading[] = [];
  private looking: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(readonly o: MonitorOptions) {
    if (o.file) for (const [id, kept] of readMeters(o.file)) this.meters.set(id, new SliverMeter(kept));
  }

  /** Looks now and from then on. Idempotent. */
  begin(): void {
    if (this.timer || !this.o.readHost) return;
    this.timer = setInterval(() => void this.look(), LOOK_MS).unref();
    void this.look();
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    await this.looking;
    this.keep();
  }

  /** A look that is at most a second old when it resolves. Many who ask at once share it. Never rejects. */
  look(): Promise<void> {
    if (this.last && this.o.now() - this.last.at < FRESH_MS) return Promise.resolve();
    this.looking ??= this.lookNow()
      .catch((err: unknown) => this.o.log.warn({ err }, 'could not look at what is used'))
      .finally(() => {
        this.looking = null;
      });
    return this.looking;
  }

  /** The agent answered a question: how far is its clock from ours? */
  heardClock(reading: ClockReading): void {
    this.heardAt = reading.askedAt + reading.tookMs;
    this.readings.push(reading);
    if (this.readings.length > CLOCK_READINGS) this.readings.shift();
  }

  get clock(): ClockOffset | null {
    return bestOffset(this.readings);
  }

  /** The next report: the one that was not acknowledged yet, else what is new; null when nothing is. */
  report(): UsageReport | null {
    this.pending ??= this.makeReport();
    return this.pending;
  }

  /** The report with this `until` arrived: it is never sent again. */
  acknowledged(until: string): void {
    if (this.pending?.until !== until) return;
    this.pending = null;
    this.keep();
  }

  /** The host as of the last look, counting from the look before; null before the first look. */
  host(): HostUsage | null {
    return this.last && this.hostSince(this.before ?? this.last, this.last);
  }

  private async lookNow(): Promise<void> {
    const { readHost, counters, leases, now } = this.o;
    if (!readHost) return;
    const found = await counters();
    const look = { at: now(), host: readHost(), clock: this.clock };
    const ms = this.last ? look.at - this.last.at : LOOK_MS;
    const live = new Set(leases());
    for (const id of live) if (!this.meters.has(id)) this.meters.set(id, new SliverMeter());
    for (const [id, meter] of this.meters) {
      if (live.has(id) || found.has(id)) meter.read(found.get(id) ?? null, Math.max(1, ms));
    }
    this.before = this.last;
    this.last = look;
    this.reported ??= look;
  }

  private makeReport(): UsageReport | null {
    const { last, reported } = this;
    if (!last || !reported || last.at <= reported.at) return null;
    const slivers: SliverUse[] = [];
    const live = new Set(this.o.leases());
    for (const [id, meter] of this.meters) {
      const use = slivers.length < MAX_SLIVERS ? meter.report(id) : null;
      if (use) slivers.push(use);
      if (!live.has(id)) this.meters.delete(id);
    }
    this.reported = last;
    return { until: new Date(last.at).toISOString(), host: this.hostSince(reported, last), slivers };
  }

  private hostSince(before: Look, { at, host, clock }: Look): HostUsage {
    const since = (now: number, then: number) => Math.max(0, now - then);
    return {
      periodMs: since(at, before.at),
      cores: host.cpu.cores,
      cpuMs: since(host.cpu.busyMs, before.host.cpu.busyMs),
      load1Milli: host.load[0],
      load5Milli: host.load[1],
      load15Milli: host.load[2],
      memoryBytes: host.memoryBytes,
      memoryUsedBytes: since(host.memoryBytes, host.memoryAvailableBytes),
      diskBytes: host.diskBytes,
      diskUsedBytes: since(host.diskBytes, host.diskAvailableBytes),
      bytesIn: since(host.network.bytesIn, before.host.network.bytesIn),
      bytesOut: since(host.network.bytesOut, before.host.network.bytesOut),
      uptimeSeconds: host.uptimeSeconds,
      clockOffsetMs: clock && Math.round(clock.offsetMs),
      clockErrorMs: clock && Math.ceil(clock.errorMs),
      kernel: host.kernel,
      abilities: this.o.abilities.slice(0, 64).map(({ name, able }) => ({ name: name.slice(0, 64), able })),
    };
  }

  private keep(): void {
    if (!this.o.file || !this.last) return;
    try {
      writeMeters(this.o.file, new Map([...this.meters].flatMap(([id, { kept }]) => (kept ? [[id, kept]] : []))));
    } catch (err) {
      this.o.log.warn({ err }, 'could not keep the meters'); // a full disk: the count goes on in memory
    }
  }
}
