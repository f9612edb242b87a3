import { type Reason, Refused } from '../errors';

/** What is known of a slice and its slivers when one of them came to an end, good or bad. */
export type SliceSituation = {
  state: string;
  /** Slivers wanted, and the least with which the slice is worth having. */
  wanted: number;
  minimum: number;
  running: number;
  /** On their way, or not heard of for now: neither running nor given up. */
  underway: number;
  /** Of these, such as never ran. */
  starting: number;
  /** It was given more slivers, which have not come to their end, good or bad. */
  growing: boolean;
  /** Slivers of which something may be left on a node. */
  notGone: number;
  /** May another node still stand in for one that failed? False once the request forbids it or nodes ran out. */
  canSubstitute: boolean;
  /** A plan waits or runs: it may still add slivers, and judges the slice when it is through. */
  planned: boolean;
  /** Nodes that were tried and failed. */
  tried: number;
};

export type SliceOutcome = {
  state: string;
  reason: Reason | null;
  /** Slivers are missing and others can stand in: plan again. */
  replan: boolean;
  /** All or nothing came to nothing: what runs or may come to run is to be released. */
  releaseAll: boolean;
  /** What it grew by has come to its end. */
  grown: boolean;
};

/**
 * Where a slice stands, from its slivers alone: pure, and the same however often it is asked. A slice that is being
 * deployed ends active (all run), degraded (at least the minimum) or failed (below it: then nothing is kept). One that was
 * deployed stays and is degraded while fewer run: nodes come back. While it grows it is as good as it was: what
 * it had before runs.
 */
export function sliceOutcome(s: SliceSituation): SliceOutcome {
  const stay: SliceOutcome = { state: s.state, reason: null, replan: false, releaseAll: false, grown: false };
  if (s.state === 'deleting') return s.notGone === 0 ? { ...stay, state: 'deleted' } : stay;
  if (s.state !== 'deploying' && s.state !== 'active' && s.state !== 'degraded') return stay;

  const missing = s.wanted - s.running - s.underway;
  const replan = missing > 0 && s.canSubstitute;
  const outOfNodes = missing > 0 ? new Refused('OUT_OF_NODES', { wants: missing, tried: s.tried }).reason : null;
  const belowMinimum = new Refused('BELOW_MINIMUM', { running: s.running, minimum: s.minimum }).reason;

  if (s.state === 'deploying') {
    if (s.planned) return stay;
    if (!s.canSubstitute && s.running + s.underway < s.minimum) {
      return { ...stay, state: 'failed', reason: belowMinimum, releaseAll: true };
    }
    if (replan || s.underway > 0) return { ...stay, replan };
    const ended = { ...stay, grown: s.growing };
    if (missing <= 0) return { ...ended, state: 'active' };
    return { ...ended, state: 'degraded', reason: outOfNodes };
  }
  if (s.running >= s.wanted) return { ...stay, state: 'active', grown: s.growing };
  const coming = s.growing && (s.planned || replan || s.starting > 0);
  if (coming && s.state === 'active') return { ...stay, replan };
  // Silent nodes and slivers being replaced count as on their way: a degraded slice still says why it is.
  const away = new Refused('SLIVERS_AWAY', { running: s.running, wants: s.wanted }).reason;
  const reason = s.running < s.minimum ? belowMinimum : replan ? away : (outOfNodes ?? away);
  return { ...stay, state: 'degraded', reason, replan, grown: s.growing && !coming };
}
