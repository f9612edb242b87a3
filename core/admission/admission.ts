import { Refused } from '../errors';
import { HARD_RESOURCES, type HardAmounts, type HardResource } from '../resources/vector';
import { isoAt, type Span } from '../time/span';
import { LoadProfile } from './load-profile';

/** Hard amounts held over a half-open span [start, end), epoch milliseconds. */
export type Claim = Span & { amounts: HardAmounts };

/**
 * Does it fit? A no names the first resource that falls short: how much is free at the tightest instant of the first
 * stretch in which `wants` does not fit, and until when that stretch lasts (null: it never ends, for more is asked
 * than the node has). Times: epoch ms.
 */
export type Verdict =
  | { ok: true }
  | {
      ok: false;
      resource: HardResource;
      wants: number;
      free: number;
      capacity: number;
      from: number;
      until: number | null;
    };

/**
 * The book of what is held of one capacity over time. Entering, striking and asking cost the depth of a balanced tree, however
 * many claims overlap.
 */
export interface AdmissionBook {
  /** May change at any time: what is held stays, also where it is more than that. */
  capacity: HardAmounts;
  readonly size: number;
  /**
   * Enters a claim without judging it (a journal is replayed as it was acknowledged). The same id again replaces it.
   */
  add(id: string, claim: Claim): void;
  /** Strikes a claim; false when there was none. */
  remove(id: string): boolean;
  /** Would it fit beside all held (but `without`, which a renewal replaces)? Enters nothing. */
  admit(want: Claim, without?: string): Verdict;
  /** Free at the instant; never below zero. */
  freeAt(at: number): HardAmounts;
  /** The most that is held of each resource at any instant of the span. */
  peakUse(span: Span): HardAmounts;
  /** The earliest start ≥ `from` at which the amounts fit for so long; null when they never do. */
  earliestFit(amounts: HardAmounts, durationMs: number, from: number): number | null;
}

/** An empty book. */
export function admissionBook(capacity: HardAmounts): AdmissionBook {
  return new ProfileBook(capacity);
}

/**
 * Does `want` fit beside `held`? Σ ≤ capacity for each hard resource at every instant of its span. Pure; for a few
 * claims.
 */
export function admit(capacity: HardAmounts, held: readonly Claim[], want: Claim): Verdict {
  return bookOf(capacity, held).admit(want);
}

/** The most that `held` takes of each resource at any instant of the span. */
export function peakUse(held: readonly Claim[], span: Span): HardAmounts {
  const profile = new LoadProfile();
  for (const claim of held) profile.change(claim, claim.amounts, 1);
  return profile.peak(span);
}

/** What of the capacity is free at the instant. */
export function freeAt(capacity: HardAmounts, held: readonly Claim[], at: number): HardAmounts {
  return bookOf(capacity, held).freeAt(at);
}

/** The earliest start ≥ `from` at which the amounts fit beside `held` for `durationMs`; null when they never do. */
export function earliestFit(
  capacity: HardAmounts,
  held: readonly Claim[],
  amounts: HardAmounts,
  durationMs: number,
  from: number,
): number | null {
  return bookOf(capacity, held).earliestFit(amounts, durationMs, from);
}

/** A no of the book as the node's refusal. */
export function nodeFull(verdict: Extract<Verdict, { ok: false }>, node?: string): Refused {
  const { resource, wants, free, capacity, until } = verdict;
  return new Refused('NODE_FULL', {
    resource,
    wants,
    free,
    capacity,
    ...(until === null ? {} : { until: isoAt(until) }),
    ...(node === undefined ? {} : { node }),
  });
}

function bookOf(capacity: HardAmounts, held: readonly Claim[]): AdmissionBook {
  const book = admissionBook(capacity);
  held.forEach((claim, i) => {
    book.add(String(i), claim);
  });
  return book;
}

class ProfileBook implements AdmissionBook {
  private readonly claims = new Map<string, Claim>();
  private readonly profile = new LoadProfile();
  constructor(public capacity: HardAmounts) {}

  get size(): number {
    return this.claims.size;
  }

  add(id: string, claim: Claim): void {
    this.remove(id);
    this.claims.set(id, claim);
    this.profile.change(claim, claim.amounts, 1);
  }

  remove(id: string): boolean {
    const claim = this.claims.get(id);
    if (!claim) return false;
    this.claims.delete(id);
    this.profile.change(claim, claim.amounts, -1);
    return true;
  }

  admit(want: Claim, without?: string): Verdict {
    const replaced = without === undefined ? undefined : this.claims.get(without);
    if (replaced) this.profile.change(replaced, replaced.amounts, -1);
    try {
      return this.judge(want);
    } finally {
      if (replaced) this.profile.change(replaced, replaced.amounts, 1);
    }
  }

  freeAt(at: number): HardAmounts {
    const load = this.profile.at(at);
    const free = (r: HardResource) => Math.max(0, this.capacity[r] - load[r]);
    return {
      cpuMilli: free('cpuMilli'),
      memoryMiB: free('memoryMiB'),
      diskMiB: free('diskMiB'),
      networkKbps: free('networkKbps'),
    };
  }

  peakUse(span: Span): HardAmounts {
    return this.profile.peak(span);
  }

  earliestFit(amounts: HardAmounts, durationMs: number, from: number): number | null {
    if (HARD_RESOURCES.some((r) => amounts[r] > this.capacity[r])) return null;
    let start = from;
    for (;;) {
      const next = this.lastObstacleEnds({ start, end: start + durationMs, amounts });
      if (next === null) return start;
      if (next === Number.POSITIVE_INFINITY) return null;
      start = next;
    }
  }

  /**
   * When the last stretch inside the claim's span ends at which it does not fit: no start before that can do. Each second step of
   * a search so gets on by the whole duration, however finely the book is chopped.
   */
  private lastObstacleEnds(want: Claim): number | null {
    let latest: number | null = null;
    for (const resource of HARD_RESOURCES) {
      const wants = want.amounts[resource];
      if (wants === 0) continue;
      const ends = this.profile.lastAboveEnds(resource, this.capacity[resource] - wants, want);
      if (ends !== null) latest = Math.max(latest ?? ends, ends);
    }
    return latest;
  }

  private judge(want: Claim): Verdict {
    const peak = this.profile.peak(want);
    const fits = (r: HardResource) => want.amounts[r] === 0 || peak[r] + want.amounts[r] <= this.capacity[r];
    if (HARD_RESOURCES.every(fits)) return { ok: true };
    for (const resource of HARD_RESOURCES) {
      const wants = want.amounts[resource];
      const capacity = this.capacity[resource];
      if (wants === 0) continue; // asking for none of it hurts nobody, even where others hold too much
      if (wants > capacity) {
        const free = Math.max(0, capacity - peak[resource]);
        return { ok: false, resource, wants, free, capacity, from: want.start, until: null };
      }
      const tight = this.profile.firstAbove(resource, capacity - wants, want);
      if (tight) {
        return {
          ok: false,
          resource,
          wants,
          free: Math.max(0, capacity - tight.peak),
          capacity,
          from: tight.start,
          until: tight.end,
        };
      }
    }
    return { ok: true };
  }
}
