import type { BrokerNode } from './candidate';
import type { Spread } from './spread';

/**
 * Takes one node each of up to `missing` countries that do not stand yet. A site may have nodes in several countries and
 * a limit, so that taking the first best could block another country: this is a matching of countries to places at
 * sites, found by augmenting paths, which misses no country that can be had.
 */
export function coverCountries(spread: Spread, missing: number): void {
  const byCountry = new Map<string, BrokerNode[]>();
  for (const node of spread.open()) {
    if (!node.country || spread.has(node.country)) continue;
    const nodes = byCountry.get(node.country);
    if (nodes) nodes.push(node);
    else byCountry.set(node.country, [node]);
  }
  /** Which countries hold places at a site, and by which node. */
  const holders = new Map<string, Map<string, BrokerNode>>();
  let covered = 0;
  for (const country of byCountry.keys()) {
    if (covered === missing) break;
    if (place(country, new Set())) covered += 1;
  }
  for (const at of holders.values()) for (const node of at.values()) spread.take(node);

  function place(country: string, tried: Set<string>): boolean {
    for (const node of byCountry.get(country) ?? []) {
      if (tried.has(node.site)) continue;
      tried.add(node.site);
      const at = holders.get(node.site) ?? new Map<string, BrokerNode>();
      holders.set(node.site, at);
      const free = at.size < spread.left(node.site);
      const moved = free ? null : [...at.keys()].find((other) => relocate(other, node.site, tried));
      if (!free && moved === undefined) continue;
      at.set(country, node);
      return true;
    }
    return false;
  }

  function relocate(country: string, from: string, tried: Set<string>): boolean {
    if (!place(country, tried)) return false;
    holders.get(from)?.delete(country);
    return true;
  }
}
