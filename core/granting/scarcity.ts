import { add, HARD_RESOURCES, type HardAmounts, type HardResource, NOTHING, times } from '../resources/vector';
import type { Ask, Situation } from './policy';

/** What each site would hold if it got all it wants: what it has, waits for, and asks for now. */
export function demands(ask: Ask, { held, waiting }: Situation): Map<string, HardAmounts> {
  const all = new Map<string, HardAmounts>();
  const put = (site: string, amounts: HardAmounts) => all.set(site, add(all.get(site) ?? NOTHING, amounts));
  for (const [site, has] of held) put(site, has);
  for (const [site, wants] of waiting) put(site, wants);
  put(ask.site, times(ask.each, ask.count));
  return all;
}

/**
 * The resource that falls shortest of all demands; null when there is enough of each for everybody. Only of those that are
 * asked for now: who wants none of what is scarce takes nothing from others.
 */
export function scarcest(ask: Ask, situation: Situation): HardResource | null {
  const sum = times(ask.each, ask.count);
  for (const all of [situation.held, situation.waiting])
    for (const amounts of all.values()) for (const r of HARD_RESOURCES) sum[r] += amounts[r];
  let worst: HardResource | null = null;
  let worstRatio = 1;
  for (const r of HARD_RESOURCES) {
    const ratio = sum[r] > situation.total[r] ? sum[r] / Math.max(situation.total[r], 0.5) : 1;
    if (ask.each[r] > 0 && ratio > worstRatio) [worst, worstRatio] = [r, ratio];
  }
  return worst;
}
