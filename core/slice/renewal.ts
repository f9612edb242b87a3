import { type Reason, type RefusalCode, Refused } from '../errors';
import { MAX_LEASE_SECONDS } from '../lease/term';
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

/** What a site's quota says of terms: how far ahead of now, and how long one slice may last from its first start. In seconds. */
export type TermPolicy = { maxTermSeconds: number; maxTotalSeconds: number };

/** The latest end that any renewal may bring, epoch ms. */
export function latestEnd(startsAt: number, policy: Pick<TermPolicy, 'maxTotalSeconds'>): number {
  return startsAt + policy.maxTotalSeconds * 1000;
}

/**
 * The slice's new end, epoch ms: `termSeconds` after the present one, also in the grace. It is at most the quota's `maxTermSeconds` (and
 * what nodes lease) ahead of now, and at most its `maxTotalSeconds` after the slice's first start. Asked when somebody asks and again
 * when a PI decides. Throws Refused WRONG_STATE, LEASE_OVER (the grace is over), INVALID_INPUT (in the grace: too short to reach
 * now), TERM_TOO_LONG, TOTAL_TOO_LONG (says what is left).
 */
export function renewedEnd(slice: RenewableSlice, termSeconds: number, policy: TermPolicy, now: number): number {
  const { name, state, endsAt } = slice;
  if (!isRenewable(state) || endsAt === null)
    throw new Refused('WRONG_STATE', { kind: 'slice', id: name, state, needs: 'active, degraded or suspended' });
  if (endsAt + slice.graceSeconds * 1000 <= now)
    throw new Refused('LEASE_OVER', { endedAt: new Date(endsAt).toISOString() });
  const end = endsAt + termSeconds * 1000;
  if (end <= now)
    throw new Refused('INVALID_INPUT', { field: 'termSeconds', problem: 'the new end would be in the past already' });
  const askedSeconds = Math.ceil((end - now) / 1000);
  const latest = latestEnd(slice.startsAt ?? now, policy);
  if (end > latest) {
    const leftSeconds = Math.max(0, Math.floor((latest - endsAt) / 1000));
    const facts = { askedSeconds: termSeconds, leftSeconds, maxSeconds: policy.maxTotalSeconds };
    throw new Refused('TOTAL_TOO_LONG', { ...facts, latestEnd: new Date(latest).toISOString() });
  }
  const maxSeconds = Math.min(policy.maxTermSeconds, MAX_LEASE_SECONDS);
  if (askedSeconds > maxSeconds) throw new Refused('TERM_TOO_LONG', { askedSeconds, maxSeconds });
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

/** Refusals that say that whoever was asked has no authority over the node (any more). */
const NO_AUTHORITY: ReadonlySet<RefusalCode> = new Set([
  'AGENT_CLOSED',
  'NOT_DELEGATED',
  'NOT_ADVERTISED',
  'REVOKED',
  'UNKNOWN_ISSUER',
]);

/** Does it say so? Then another agent may be asked. */
export function lacksAuthority(code: RefusalCode): boolean {
  return NO_AUTHORITY.has(code);
}

/** Why a sliver is not renewed, as its people are told: where nobody has authority to renew it, with until when it runs. */
export function renewalReason(reason: Reason, node: string, leaseEndsAt: Date | null): Reason {
  if (!lacksAuthority(reason.code)) return reason;
  const facts = { node, why: reason.code, leaseEndsAt: leaseEndsAt?.toISOString() ?? null };
  return new Refused('NOBODY_MAY_RENEW', facts).reason;
}
