/** A sliver's part in what is divided: what is reserved for it, and its weight (1 to 1000) in what is left. */
export type Part = { reserved: number; weight: number };

/**
 * What each part is entitled to when everybody wants as much as there is: its reservation, and its share of the rest. The rest is
 * `capacity` less all reservations. Of it each part is assured 1 ÷ `places`, the most slivers that the node takes (or as many as
 * there are, where that is more): so much holds whoever comes later. What no assurance takes is divided by weight; equal weights
 * so get equal shares, 1/N of N. What a part does not use is for the others, by the same proportions. In the unit of the
 * amounts, not rounded: the sum is `capacity`, or the reservations where they are more (a capacity that shrank). Pure.
 */
export function entitlements(capacity: number, parts: readonly Part[], places: number): number[] {
  const reserved = parts.reduce((sum, part) => sum + part.reserved, 0);
  const weights = parts.reduce((sum, part) => sum + part.weight, 0);
  const rest = Math.max(0, capacity - reserved);
  const assured = rest / Math.max(places, parts.length, 1);
  const divided = rest - assured * parts.length;
  return parts.map((part) => part.reserved + assured + (divided * part.weight) / weights);
}

/** The kernel's bounds for a control group's `cpu.shares`; `cpu.weight` of v2 is this on a scale of 1 to 10,000. */
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;

/**
 * An entitlement as `cpu.shares`: the processor's time is divided in proportion among siblings that want it. The whole capacity
 * is the kernel's greatest number, so that small slivers are still told apart. Pure.
 */
export function cpuShares(entitledMilli: number, capacityMilli: number): number {
  const part = Math.min(1, entitledMilli / Math.max(1, capacityMilli));
  return Math.max(MIN_SHARES, Math.round(part * MAX_SHARES));
}
