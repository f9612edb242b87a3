/** A node that could be given to a partner. */
export type Giveable = {
  id: string;
  urn: string;
  siteId: string;
  /** The partner has it now. */
  given: boolean;
  /** The partner's slivers on it. */
  slivers: number;
};

/**
 * Which nodes a grant of `count` is for: those that the partner has, the busiest first, so that a smaller grant hurts least; then others, one from
 * each site in turn, so that they are spread. All when `count` is null. Pure, and the same for the same nodes.
 */
export function chooseGiven<T extends Giveable>(nodes: readonly T[], count: number | null): T[] {
  const byName = (a: T, b: T) => (a.urn < b.urn ? -1 : 1);
  const kept = nodes.filter((node) => node.given).sort((a, b) => b.slivers - a.slivers || byName(a, b));
  const bySite = new Map<string, T[]>();
  for (const node of nodes.filter((one) => !one.given).sort(byName))
    bySite.set(node.siteId, [...(bySite.get(node.siteId) ?? []), node]);
  const rounds = [...bySite.values()].flatMap((ofSite) => ofSite.map((node, turn) => ({ node, turn })));
  const fresh = rounds.sort((a, b) => a.turn - b.turn || byName(a.node, b.node)).map(({ node }) => node);
  return [...kept, ...fresh].slice(0, count ?? nodes.length);
}
