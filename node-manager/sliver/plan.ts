import type { FoundState } from '../drivers/driver';
import type { LeaseRecord } from '../lease/node-state';

/** What the loop must know of a sliver to plan its next step. */
export type Attempts = { count: number; notBefore: number; givenUp: boolean };

export type Step = { kind: 'start' | 'stop' | 'remove' | 'lapse'; id: string };

/** What a lease asks for at an instant (epoch ms): its sliver runs in [start, end), is kept stopped in the grace, and is gone after. */
export function desired(
  lease: Pick<LeaseRecord, 'start' | 'end' | 'graceSeconds'>,
  now: number,
): 'none' | 'running' | 'stopped' | 'over' {
  if (now < lease.start * 1000) return 'none';
  if (now < lease.end * 1000) return 'running';
  return now < (lease.end + lease.graceSeconds) * 1000 ? 'stopped' : 'over';
}

/** When the answer of `desired` changes next, epoch ms; null when it does not. */
export function nextChange(lease: Pick<LeaseRecord, 'start' | 'end' | 'graceSeconds'>, now: number): number | null {
  return [lease.start, lease.end, lease.end + lease.graceSeconds].map((s) => s * 1000).find((at) => at > now) ?? null;
}

type Situation = {
  now: number;
  leases: Iterable<LeaseRecord>;
  found: ReadonlyMap<string, FoundState>;
  attempts: ReadonlyMap<string, Attempts>;
  /** Slivers on which a step is under way: left alone until it is done. */
  busy: ReadonlySet<string>;
  /** The daemon is going: nothing is started any more. */
  stopping: boolean;
  /** Leases whose slivers shall not run for now, though they might. */
  stopped?: ReadonlySet<string>;
  /** Leases without a sliver: nothing of them is there. */
  bare?: ReadonlySet<string>;
};

/**
 * One pass: the steps that bring what is found to what the leases ask for, and when to look again (epoch ms). Whatever has no
 * lease is removed: a sliver without one must not be. Pure.
 */
export function plan(s: Situation): { steps: Step[]; wakeAt: number | null } {
  const steps: Step[] = [];
  let wakeAt = Number.POSITIVE_INFINITY;
  const leased = new Set<string>();
  for (const lease of s.leases) {
    leased.add(lease.jti);
    wakeAt = Math.min(wakeAt, nextChange(lease, s.now) ?? wakeAt);
    if (s.busy.has(lease.jti)) continue;
    const attempts = s.attempts.get(lease.jti);
    const want = desired(lease, s.now);
    const rests = want === 'running' && s.stopped?.has(lease.jti);
    const none = want !== 'over' && s.bare?.has(lease.jti);
    const step = stepFor(none ? 'none' : rests ? 'stopped' : want, s.found.get(lease.jti));
    if (!step || (step === 'start' && (attempts?.givenUp || s.stopping))) continue;
    if (attempts && attempts.notBefore > s.now && step !== 'lapse') wakeAt = Math.min(wakeAt, attempts.notBefore);
    else steps.push({ kind: step, id: lease.jti });
  }
  for (const id of s.found.keys()) {
    if (leased.has(id) || s.busy.has(id)) continue;
    const attempts = s.attempts.get(id);
    if (attempts && attempts.notBefore > s.now) wakeAt = Math.min(wakeAt, attempts.notBefore);
    else steps.push({ kind: 'remove', id });
  }
  return { steps, wakeAt: Number.isFinite(wakeAt) ? wakeAt : null };
}

function stepFor(want: ReturnType<typeof desired>, found: FoundState | undefined): Step['kind'] | null {
  if (want === 'over') return 'lapse';
  if (want === 'running') return found === 'running' ? null : 'start';
  if (want === 'stopped') return found === 'running' || found === 'exited' ? 'stop' : null;
  return found === undefined ? null : 'remove'; // its term has not begun: nothing should be there yet
}
