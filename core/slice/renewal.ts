import { Refused } from '../errors';
import { judgeTotalTerm, MAX_LEASE_SECONDS } from '../lease/term';
import type { SliceState } from './state';

/** States in which there is something to renew: leases that live, running or in their grace. */
export const RENEWABLE_STATES = ['active', 'degraded', 'suspended'] as const satisfies readonly SliceState[];

export function isRenewable(state: string): boolean {
  return RENEWABLE_STATES.some((renewable) => renewable === state);
}

/** [startsAt, endsAt): the present term, epoch ms. */
export type RenewableSlice = {
  name: string;
  state: string;
  startsAt: number | null;
  endsAt: number | null;
  graceSeconds: number;
};

/**
 * The slice's new end, epoch ms: `termSeconds` after the present one, also in the grace. `maxTermSeconds` is the longest time
 * ahead that the site's quota allows, from now; from start to new end it is at most what nodes lease. Asked when somebody asks and again when a PI decides. Throws Refused WRONG_STATE,
 * LEASE_OVER (the grace is over), INVALID_INPUT (in the grace: too short to reach now), TERM_TOO_LONG.
 */
export function renewedEnd(slice: RenewableSlice, termSeconds: number, maxTermSeconds: number, now: number): number {
  const { name, state, endsAt } = slice;
  if (!isRenewable(state) || endsAt === null)
    throw new Refused('WRONG_STATE', { kind: 'slice', id: name, state, needs: 'active, degraded or suspended' });
  if (endsAt + slice.graceSeconds * 1000 <= now)
    throw new Refused('LEASE_OVER', { endedAt: new Date(endsAt).toISOString() });
  const end = endsAt + termSeconds * 1000;
  if (end <= now)
    throw new Refused('INVALID_INPUT', { field: 'termSeconds', problem: 'the new end would be in the past already' });
  const askedSeconds = Math.ceil((end - now) / 1000);
  if (askedSeconds > maxTermSeconds) throw new Refused('TERM_TOO_LONG', { askedSeconds, maxSeconds: maxTermSeconds });
  judgeTotalTerm((slice.startsAt ?? now) / 1000, end / 1000, MAX_LEASE_SECONDS);
  return end;
}

export type RenewalSituation = {
  /** Slivers of the slice that hold a lease to the new end. */
  renewed: number;
  /** Slivers that do not, and were not given up. */
  remaining: number;
  /** Of those, how many may still come to it: their node is away, or full. */
  hopeful: number;
  minimum: number;
};

/**
 * What follows from how far a renewal came. The slice's end is a promise to people: it moves once as many slivers are renewed as
 * make the slice worth having (all, where fewer than that were left), or all of those that can be. `hold`: not yet. `fail`: it
 * cannot come to that any more, and the slice ends as before.
 */
export function judgeRenewal(s: RenewalSituation): 'move' | 'hold' | 'fail' {
  const needed = Math.max(1, Math.min(s.minimum, s.renewed + s.remaining));
  if (s.renewed >= needed) return 'move';
  return s.renewed + s.hopeful >= needed ? 'hold' : 'fail';
}
