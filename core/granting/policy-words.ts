import { formatSeconds } from '../format/duration';
import { formatAmount, formatCount, isHardResource } from '../format/number';
import { COUNTED, type GrantingPolicy, type PolicyKind, type SiteQuota } from './policy';

/** What the kinds of policies are called. */
export const POLICY_NAMES: Readonly<Record<PolicyKind, string>> = {
  'first-come': 'First come',
  'fair-share': 'Fair share',
  quota: 'Quota per site',
  lottery: 'Lottery by weight',
};

/** What a policy does, in a sentence. */
export function describePolicy(
  policy: GrantingPolicy | Omit<Extract<GrantingPolicy, { kind: 'lottery' }>, 'seed'>,
): string {
  switch (policy.kind) {
    case 'first-come':
      return 'Who asks first gets what there is room for.';
    case 'fair-share':
      return `While others wait, no site gets more than its fair part of what is short. Who was refused waits for ${formatSeconds(policy.waitSeconds)}.`;
    case 'quota': {
      const own = Object.keys(policy.sites).length;
      return `No site holds more than ${limits(policy.each)}${own > 0 ? `; ${formatCount(own, 'site')} with limits of their own` : ''}.`;
    }
    case 'lottery': {
      const own = Object.keys(policy.sites).length;
      return `What is short is drawn by lot every ${formatSeconds(policy.drawSeconds)}: weight ${policy.weight} for each site${own > 0 ? `, ${formatCount(own, 'site')} with weights of their own` : ''}.`;
    }
  }
}

function limits(quota: SiteQuota): string {
  const words = COUNTED.flatMap((counted) => {
    const limit = quota[counted];
    if (limit === undefined) return [];
    return [
      isHardResource(counted)
        ? `${formatAmount(counted, limit)} of ${counted.replace(/(Milli|MiB|Kbps)$/, '').replace('cpu', 'CPU')}`
        : formatCount(limit, 'sliver'),
    ];
  });
  return words.length > 0 ? words.join(', ') : 'it can get';
}
