import { Refused } from '../errors';
import { type Span, spanFromSeconds } from '../time/span';

/**
 * How far ahead a lease may promise, in seconds: four weeks, twice the ancestor's limit. Nodes refuse what is longer, so that
 * nothing longer is asked for, approved or promised. A renewal is judged by how far ahead of now it goes.
 */
export const MAX_LEASE_SECONDS = 28 * 86_400;

/** The longest that a lease may last in all, from its start, renewals counted, in seconds, where the node's owner says nothing shorter. */
export const MAX_TOTAL_SECONDS = 366 * 86_400;

/**
 * A lease's term as it is signed: [start, end) in epoch seconds, then the grace in which the sliver is kept stopped.
 */
export type LeaseTerm = { start: number; end: number; graceSeconds: number };

/**
 * scheduled: not begun · running: [start, end) · grace: [end, end + grace), stopped and kept · over: nothing may be
 * left.
 */
export const LEASE_PHASES = ['scheduled', 'running', 'grace', 'over'] as const;
export type LeasePhase = (typeof LEASE_PHASES)[number];

/** The phase at `now` (epoch ms). No skew: a lease is judged by its own node's clock. */
export function phaseAt(term: LeaseTerm, now: number): LeasePhase {
  if (now < term.start * 1000) return 'scheduled';
  if (now < term.end * 1000) return 'running';
  return now < (term.end + term.graceSeconds) * 1000 ? 'grace' : 'over';
}

/** When the phase changes next (epoch ms), or null once it is over. */
export function phaseEndsAt(term: LeaseTerm, now: number): number | null {
  const edges = [term.start, term.end, term.end + term.graceSeconds].map((s) => s * 1000);
  return edges.find((edge) => edge > now) ?? null;
}

/** [start, end) in epoch ms: when the sliver may run. */
export function termSpan(term: LeaseTerm): Span {
  return spanFromSeconds(term.start, term.end);
}

/**
 * [start, end + grace) in epoch ms: when amounts are held. A sliver in grace keeps its disk, and its promise to run
 * again if it is renewed.
 */
export function holdSpan(term: LeaseTerm): Span {
  return spanFromSeconds(term.start, term.end + term.graceSeconds);
}

/**
 * A renewal moves the end of a live lease: it keeps the start, may not shorten, goes at most `maxAheadSeconds` ahead of now (or of
 * a start yet to come), and start to new end is at most `maxTotalSeconds`. Gives the new term. Throws `LEASE_OVER` once the grace is
 * over, `WRONG_STATE` for an end not later, `TERM_TOO_LONG`. `now`: epoch ms.
 */
export function renewTerm(
  term: LeaseTerm,
  to: { end: number; graceSeconds: number },
  { maxAheadSeconds, maxTotalSeconds }: { maxAheadSeconds: number; maxTotalSeconds: number },
  now: number,
): LeaseTerm {
  if (phaseAt(term, now) === 'over')
    throw new Refused('LEASE_OVER', { endedAt: new Date(term.end * 1000).toISOString() });
  if (to.end <= term.end)
    throw new Refused('WRONG_STATE', { kind: 'lease', state: 'leased as long already', needs: 'ending earlier' });
  judgeTotalTerm(Math.max(term.start, Math.floor(now / 1000)), to.end, maxAheadSeconds);
  judgeTotalTerm(term.start, to.end, maxTotalSeconds);
  return { start: term.start, end: to.end, graceSeconds: to.graceSeconds };
}

/** Throws `TERM_TOO_LONG` when [firstStart, end) (epoch seconds) is longer than allowed. */
export function judgeTotalTerm(firstStart: number, end: number, maxSeconds: number): void {
  const asked = end - firstStart;
  if (asked > maxSeconds) throw new Refused('TERM_TOO_LONG', { askedSeconds: asked, maxSeconds });
}
