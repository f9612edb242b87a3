import { Refused } from '../errors';
import {
  type Ask,
  COUNTED,
  type GrantingPolicy,
  HELD_NOTHING,
  type SiteQuota,
  type Situation,
  type Verdict,
} from './policy';

/** No site holds more than its quota from this agent, whether others want it or not. */
export function quota(
  policy: Extract<GrantingPolicy, { kind: 'quota' }>,
  ask: Ask,
  { held }: Pick<Situation, 'held'>,
): Verdict {
  const most = quotaOf(policy, ask.site);
  const has = held.get(ask.site) ?? HELD_NOTHING;
  let grant = ask.count;
  let verdict: Verdict = { grant, reason: null, record: null };
  for (const counted of COUNTED) {
    const limit = most[counted];
    const one = counted === 'slivers' ? 1 : ask.each[counted];
    if (limit === undefined || one === 0) continue;
    const fits = Math.max(0, Math.floor((limit - has[counted]) / one));
    if (fits >= grant) continue;
    grant = fits;
    const facts = { policy: 'quota', site: ask.site, resource: counted, holds: has[counted], each: limit, wants: one };
    const record = { kind: 'quota' as const, counted, holds: has[counted], most: limit };
    verdict = { grant, reason: new Refused('POLICY_DENIED', facts).reason, record };
  }
  return verdict;
}

/** A site's own limits where it has some, else those of every site; the one does not add to the other. */
export function quotaOf(policy: Extract<GrantingPolicy, { kind: 'quota' }>, site: string): SiteQuota {
  return Object.hasOwn(policy.sites, site) ? (policy.sites[site] ?? {}) : policy.each;
}
