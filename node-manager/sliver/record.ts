import { type Reason, Refused } from '@/core/errors';
import type { NodeSliverState, SliverStatus } from '@/protocol/node-manager/schemas';
import type { LeaseRecord } from '../lease/node-state';

const MAX_TIMELINE = 50;

type Entry = { at: number; state: NodeSliverState; reason: Reason | null };

/** What a node reports of a sliver, with how it came there. Times: epoch ms. */
export class SliverRecord {
  readonly timeline: Entry[] = [];
  /** The timeline's end, asked for all the time. */
  private last: Entry;
  runningAt: number | null = null;

  constructor(
    /** Replaced by one of the same id when it is renewed. */
    public lease: LeaseRecord,
    state: NodeSliverState,
    at: number,
    reason: Reason | null = null,
  ) {
    this.last = { at, state, reason };
    this.timeline.push(this.last);
  }

  get state(): NodeSliverState {
    return this.last.state;
  }

  get reason(): Reason | null {
    return this.last.reason;
  }

  get since(): number {
    return this.last.at;
  }

  /** True when this is news. */
  change(state: NodeSliverState, at: number, reason: Reason | null = null): boolean {
    if (state === this.state && JSON.stringify(reason) === JSON.stringify(this.reason)) return false;
    this.last = { at, state, reason };
    this.timeline.push(this.last);
    if (this.timeline.length > MAX_TIMELINE) this.timeline.splice(1, 1); // how it began is worth more than the middle
    if (state === 'running') this.runningAt = at;
    return true;
  }

  status(simulated: boolean): SliverStatus {
    const { lease } = this;
    return {
      slice: lease.slice,
      sliver: lease.sliver,
      state: this.state,
      reason: this.reason,
      since: iso(this.since),
      runningAt: this.runningAt === null ? null : iso(this.runningAt),
      lease: {
        jti: lease.jti,
        start: iso(lease.start * 1000),
        end: iso(lease.end * 1000),
        graceSeconds: lease.graceSeconds,
      },
      resources: lease.resources,
      simulated,
      timeline: this.timeline.map((entry) => ({ ...entry, at: iso(entry.at) })),
    };
  }
}

/** The reason of a failed step: its own when it is a refusal, else START_FAILED with what was said. */
export function startFailure(node: string, error: unknown, attempts: number): Reason {
  const problem =
    error instanceof Refused && error.code === 'START_FAILED' ? String(error.facts.problem) : problemOf(error);
  return { code: 'START_FAILED', facts: { node, problem: plain(problem).slice(0, 500).toWellFormed(), attempts } };
}

/** What a tool said, without what nobody can store. */
function plain(text: string): string {
  return text.replaceAll('\0', '');
}

function problemOf(error: unknown): string {
  if (error instanceof Refused && Array.isArray(error.facts.missing)) return error.facts.missing.join('; ');
  return error instanceof Error ? error.message : String(error);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
