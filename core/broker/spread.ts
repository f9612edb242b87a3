import type { HardAmounts } from '../resources/vector';
import { type BrokerNode, lot, roomFor } from './candidate';

type Rated = { node: BrokerNode; room: number; lot: number };

/** A choice in the making: counts what stands per country and site, and knows which candidate would spread it best. */
export class Spread {
  readonly chosen: string[] = [];
  private readonly perSite = new Map<string, number>();
  private readonly perCountry = new Map<string, number>();
  private rest: Rated[];

  constructor(
    standing: readonly BrokerNode[],
    candidates: readonly BrokerNode[],
    private readonly limits: { maxPerSite: number; resources: HardAmounts; seed: string },
  ) {
    for (const node of standing) this.count(node);
    this.rest = candidates
      .map((node) => ({ node, room: roomFor(node, limits.resources), lot: lot(limits.seed, node.node) }))
      .sort((a, b) => b.room - a.room || a.lot - b.lot || (a.node.node < b.node.node ? -1 : 1));
  }

  /** How many different countries stand. */
  get countries(): number {
    return this.perCountry.size;
  }

  has(country: string): boolean {
    return this.perCountry.has(country);
  }

  /** How many more the site may take. */
  left(site: string): number {
    return Math.max(0, this.limits.maxPerSite - (this.perSite.get(site) ?? 0));
  }

  /** Candidates not chosen yet whose site may take one more, best first. */
  open(): BrokerNode[] {
    return this.rest.filter(({ node }) => this.left(node.site) > 0).map(({ node }) => node);
  }

  take(node: BrokerNode): void {
    this.rest = this.rest.filter((r) => r.node !== node);
    this.chosen.push(node.node);
    this.count(node);
  }

  /** Takes the candidate of the country, then the site, that has the fewest; among equals the one with most room. */
  takeBest(): boolean {
    let best: BrokerNode | null = null;
    let bestScore = Number.POSITIVE_INFINITY;
    for (const { node } of this.rest) {
      if (this.left(node.site) === 0) continue;
      const score =
        (node.country ? (this.perCountry.get(node.country) ?? 0) : 0) * 100_000 + (this.perSite.get(node.site) ?? 0);
      if (score < bestScore) [best, bestScore] = [node, score];
      if (score === 0) break;
    }
    if (!best) return false;
    this.take(best);
    return true;
  }

  private count(node: BrokerNode): void {
    this.perSite.set(node.site, (this.perSite.get(node.site) ?? 0) + 1);
    if (node.country) this.perCountry.set(node.country, (this.perCountry.get(node.country) ?? 0) + 1);
  }
}
