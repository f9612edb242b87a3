import { fairShare } from './fair-share';
import { firstCome } from './first-come';
import { lottery } from './lottery';
import type { Ask, GrantingPolicy, Situation, Verdict } from './policy';
import { quota } from './quota';

/** What the policy says of a request: how many of the slivers it asks for, never more than those. Pure. */
export function decide(policy: GrantingPolicy, ask: Ask, situation: Situation): Verdict {
  switch (policy.kind) {
    case 'first-come':
      return firstCome(ask);
    case 'fair-share':
      return fairShare(ask, situation);
    case 'quota':
      return quota(policy, ask, situation);
    case 'lottery':
      return lottery(policy, ask, situation);
  }
}

/** How long a site that was refused counts as waiting, in seconds; 0 where nobody waits. */
export function waitSecondsOf(policy: GrantingPolicy): number {
  return policy.kind === 'fair-share' || policy.kind === 'lottery' ? policy.waitSeconds : 0;
}
