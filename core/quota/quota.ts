import type { Reason } from '../errors';
import { HARD_RESOURCES, type HardAmounts, times } from '../resources/vector';

/** What a quota counts: slivers and their hard amounts, summed over a site's slices that are not over. */
export const QUOTA_MEASURES = ['slivers', ...HARD_RESOURCES] as const;
export type QuotaMeasure = (typeof QUOTA_MEASURES)[number];
export type QuotaAmounts = Record<QuotaMeasure, number>;

/** How long one slice of a site may last in all, where nobody said otherwise: 180 days. */
export const DEFAULT_TOTAL_SECONDS = 180 * 86_400;

/** A site with no quota has been given nothing. */
export const NO_QUOTA: QuotaAmounts = { slivers: 0, cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };

/** What `slivers` slivers of these amounts hold together. */
export function quotaOf(one: HardAmounts, slivers: number): QuotaAmounts {
  return { slivers, ...times(one, slivers) };
}

/** The first measure in which `used` and `wants` together exceed `limit`, as a refusal; null when all fit (equal fits). */
export function overQuota(limit: QuotaAmounts, used: QuotaAmounts, wants: QuotaAmounts): Reason | null {
  const resource = QUOTA_MEASURES.find((m) => used[m] + wants[m] > limit[m]);
  if (!resource) return null;
  return {
    code: 'OVER_QUOTA',
    facts: { resource, wants: wants[resource], used: used[resource], quota: limit[resource] },
  };
}

/** Does `next` raise any measure above `limit`? */
export function raises(limit: QuotaAmounts, next: QuotaAmounts): boolean {
  return QUOTA_MEASURES.some((m) => next[m] > limit[m]);
}
