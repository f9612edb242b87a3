import type { SliverUse } from '@/protocol/node-manager/usage';
import type { SliverCounters } from '../drivers/driver';

type Counted = { cpuMs: number; bytesIn: number | null; bytesOut: number | null };

/** What is kept of a sliver's meter while the daemon is away. Amounts since the sliver was first made. */
export type MeterState = { life: number; last: Counted; total: Counted };

const NONE: Counted = { cpuMs: 0, bytesIn: null, bytesOut: null };

/** Adds up what one sliver uses, over all lives of its counters. */
export class SliverMeter {
  private life: number | null = null;
  private last: Counted = NONE;
  total: Counted = NONE;
  /** Since the last report. */
  private since: Counted = NONE;
  private periodMs = 0;
  /** In the last look alone. */
  private latest = { periodMs: 0, ...NONE };
  private now = { memoryBytes: 0, pids: 0, diskBytes: null as number | null };

  constructor(kept: MeterState | null = null) {
    if (!kept) return;
    this.life = kept.life;
    this.last = kept.last;
    this.total = kept.total;
  }

  /** Takes in what the counters say now, `ms` after the look before; null: nothing of it runs. */
  read(counters: SliverCounters | null, ms: number): void {
    this.periodMs += ms;
    if (!counters) {
      this.latest = { periodMs: ms, ...NONE };
      this.now = { ...this.now, memoryBytes: 0, pids: 0 };
      return;
    }
    // A life that nobody looked at before began at nothing; bytes are counted over all lives.
    const cpuBefore = counters.life === this.life ? this.last.cpuMs : 0;
    const used: Counted = {
      cpuMs: Math.max(0, counters.cpuMs - cpuBefore),
      bytesIn: grown(counters.bytesIn, this.last.bytesIn),
      bytesOut: grown(counters.bytesOut, this.last.bytesOut),
    };
    this.latest = { periodMs: ms, ...used };
    this.since = sum(this.since, used);
    this.total = sum(this.total, used);
    this.life = counters.life;
    this.last = {
      cpuMs: counters.cpuMs,
      bytesIn: counters.bytesIn ?? this.last.bytesIn,
      bytesOut: counters.bytesOut ?? this.last.bytesOut,
    };
    this.now = {
      memoryBytes: counters.memoryBytes,
      pids: counters.pids,
      diskBytes: counters.diskBytes ?? this.now.diskBytes,
    };
  }

  /** What was used since the last report, which this is. Null when nothing was looked at since. */
  report(leaseJti: string): SliverUse | null {
    if (this.periodMs === 0) return null;
    const use = { leaseJti, periodMs: this.periodMs, ...this.since, ...this.now };
    this.since = NONE;
    this.periodMs = 0;
    return use;
  }

  /** What the last look alone saw. */
  use(leaseJti: string): SliverUse {
    return { leaseJti, ...this.latest, ...this.now };
  }

  /** Null for a sliver that was never looked at. */
  get kept(): MeterState | null {
    return this.life === null ? null : { life: this.life, last: this.last, total: this.total };
  }
}

function grown(now: number | null, before: number | null): number | null {
  return now === null ? null : Math.max(0, now - (before ?? 0));
}

function sum(a: Counted, b: Counted): Counted {
  return { cpuMs: a.cpuMs + b.cpuMs, bytesIn: plus(a.bytesIn, b.bytesIn), bytesOut: plus(a.bytesOut, b.bytesOut) };
}

function plus(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : a + b;
}
