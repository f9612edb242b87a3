import { Refused } from '../errors';
import { type Ask, HELD_NOTHING, type Situation, type Verdict } from './policy';
import { demands, scarcest } from './scarcity';

/**
 * Max-min fairness between sites. While there is enough for all that is held, waited for and asked, everything is granted. When a
 * resource is short, the level is found at which the whole of it is given out and no site has more than it wants nor more than the
 * level; a site is granted up to that. So whoever holds less goes first, and what nobody wants is left to those who do.
 */
export function fairShare(ask: Ask, situation: Situation): Verdict {
  const resource = scarcest(ask, situation);
  if (!resource) return { grant: ask.count, reason: null, record: null };
  const wants = [...demands(ask, situation).values()].map((amounts) => amounts[resource]);
  const level = fairLevel(situation.total[resource], wants);
  const holds = (situation.held.get(ask.site) ?? HELD_NOTHING)[resource];
  const grant = Math.min(ask.count, Math.max(0, Math.floor((level - holds) / ask.each[resource])));
  const record = { kind: 'fair-share' as const, resource, level, holds };
  if (grant === ask.count) return { grant, reason: null, record };
  const facts = { policy: 'fair-share', site: ask.site, resource, holds, each: level, wants: ask.each[resource] };
  return { grant, reason: new Refused('POLICY_DENIED', facts).reason, record };
}

/**
 * The level L (whole, rounded down) with Σ min(wantᵢ, L) ≤ total, as high as can be; the largest want where all can be met. By
 * filling up: those who want least are served first, what they leave is shared by the rest.
 */
export function fairLevel(total: number, wants: readonly number[]): number {
  const sorted = wants.toSorted((a, b) => a - b);
  let left = total;
  for (const [i, want] of sorted.entries()) {
    const others = sorted.length - i;
    if (want * others > left) return Math.max(0, Math.floor(left / others));
    left -= want;
  }
  return sorted.at(-1) ?? 0;
}
