/** Why one sliver goes before another; the first kinds go first. */
export const SHRINK_ORDER = ['failed', 'away', 'not-running', 'stopped', 'leaving-node', 'crowded'] as const;
export type ShrinkWhy = (typeof SHRINK_ORDER)[number];

/** One sliver that may be given up. */
export type ShrinkCandidate = {
  id: string;
  /** Node URN, and its site and country. */
  node: string;
  site: string;
  country: string | null;
  reported: string;
  /** Is the node heard of? */
  online: boolean;
  /** Its node takes nothing new: it is being emptied. */
  draining: boolean;
  picked: boolean;
  /** Epoch ms */
  createdAt: number;
};

export type GivenUp = { id: string; why: ShrinkWhy };

/**
 * Which `n` slivers cost their people least: those that failed, then those that are away, then those that do not run yet or were
 * stopped, then those on nodes that are being emptied. Of what runs, one at a time from the country that has most, then the site that has
 * most, so that the rest stays spread; chosen nodes before picked ones, and of equals the newest, which has least in it.
 * Pure; the order of `candidates` does not matter.
 */
export function chooseToGiveUp(candidates: readonly ShrinkCandidate[], n: number): GivenUp[] {
  const left = new Map(candidates.map((c) => [c.id, c]));
  const chosen: GivenUp[] = [];
  for (const kind of SHRINK_ORDER.slice(0, -1)) {
    const these = [...left.values()].filter((c) => kindOf(c) === kind).sort(newestFirst);
    for (const c of these.slice(0, Math.max(0, n - chosen.length))) {
      chosen.push({ id: c.id, why: kind });
      left.delete(c.id);
    }
  }
  const perCountry = tally([...left.values()], (c) => c.country ?? '');
  const perSite = tally([...left.values()], (c) => c.site);
  while (chosen.length < n && left.size > 0) {
    let most: ShrinkCandidate | null = null;
    for (const c of left.values()) if (!most || before(c, most)) most = c;
    if (!most) break;
    chosen.push({ id: most.id, why: 'crowded' });
    left.delete(most.id);
    perCountry.set(most.country ?? '', (perCountry.get(most.country ?? '') ?? 1) - 1);
    perSite.set(most.site, (perSite.get(most.site) ?? 1) - 1);
  }
  return chosen;

  function before(a: ShrinkCandidate, b: ShrinkCandidate): boolean {
    if (a.picked !== b.picked) return !a.picked;
    const countries = (perCountry.get(a.country ?? '') ?? 0) - (perCountry.get(b.country ?? '') ?? 0);
    if (countries !== 0) return countries > 0;
    const sites = (perSite.get(a.site) ?? 0) - (perSite.get(b.site) ?? 0);
    return sites !== 0 ? sites > 0 : newestFirst(a, b) < 0;
  }
}

function kindOf({ reported, online, draining }: ShrinkCandidate): ShrinkWhy {
  if (reported === 'failed' || reported === 'gone') return 'failed';
  if (reported === 'unknown' || !online) return 'away';
  if (reported === 'stopped') return 'stopped';
  if (reported !== 'running') return 'not-running';
  return draining ? 'leaving-node' : 'crowded';
}

function newestFirst(a: ShrinkCandidate, b: ShrinkCandidate): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1);
}

function tally(candidates: readonly ShrinkCandidate[], key: (c: ShrinkCandidate) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const c of candidates) counts.set(key(c), (counts.get(key(c)) ?? 0) + 1);
  return counts;
}
