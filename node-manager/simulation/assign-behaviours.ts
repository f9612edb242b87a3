import type { Behaviour } from '../drivers/simulated';

/** Shares of a fleet, each in [0, 1], together at most 1; the rest is normal. */
export type BehaviourShares = { slow: number; down: number; failing: number };

/**
 * Which node behaves how: exactly the rounded share of each, chosen by the seed and nothing else. The same nodes, shares and seed give the
 * same answer in whatever order they stand. Pure.
 */
export function assignBehaviours(
  nodes: readonly string[],
  shares: BehaviourShares,
  seed: number,
): Map<string, Behaviour> {
  const total = shares.slow + shares.down + shares.failing;
  if (Object.values(shares).some((s) => !(s >= 0 && s <= 1)) || total > 1 + 1e-9)
    throw new RangeError('shares are each within 0 to 1, together at most 1');
  const drawn = [...nodes].sort((a, b) => rank(a, seed) - rank(b, seed) || (a < b ? -1 : 1));
  const assigned = new Map<string, Behaviour>(nodes.map((node) => [node, 'normal']));
  let at = 0;
  for (const behaviour of ['down', 'failing', 'slow'] as const) {
    const count = Math.min(Math.round(shares[behaviour] * nodes.length), nodes.length - at);
    for (const node of drawn.slice(at, at + count)) assigned.set(node, behaviour);
    at += count;
  }
  return assigned;
}

/** FNV-1a with a final mix (murmur3's): spreads similar names. */
function rank(text: string, seed: number): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
