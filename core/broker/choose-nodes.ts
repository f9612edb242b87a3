import { Refused } from '../errors';
import { type BrokerNode, type Choice, suits, type Wanted } from './candidate';
import { coverCountries } from './cover-countries';
import { Spread } from './spread';

export type ChooseOptions = {
  /** Nodes not to choose again: they failed this slice before. A picked node is taken all the same. */
  exclude?: ReadonlySet<string>;
  /** Ties are broken by lot; the same seed gives the same choice. */
  seed: string;
};

/**
 * Nodes for a whole slice: the picked ones first, then chosen ones, spread over countries and sites, preferring room.
 * Complete: when any choice meets all constraints, one is found; else it says which cannot be met and with what numbers
 * (a shortage of nodes before one of countries). Pure; the order of `nodes` does not matter.
 */
export function chooseNodes(wanted: Wanted, nodes: readonly BrokerNode[], options: ChooseOptions): Choice {
  const picked = [...new Set(wanted.picked)];
  const extension = extend(wanted, nodes, picked, wanted.count, options);
  if (extension.chosen.length < wanted.count) {
    const facts = { wants: picked.length + wanted.count, matching: picked.length + extension.chosen.length };
    return { ok: false, reason: new Refused('NOT_ENOUGH_NODES', facts).reason };
  }
  if (extension.countries < wanted.minCountries) {
    const facts = { wants: wanted.minCountries, matching: extension.countries };
    return { ok: false, reason: new Refused('NOT_ENOUGH_COUNTRIES', facts).reason };
  }
  const picks = picked.map((node) => ({ node, picked: true }));
  return { ok: true, picks: [...picks, ...extension.chosen.map((node) => ({ node, picked: false }))] };
}

/**
 * Up to `count` nodes to stand in for ones that failed, beside those still standing. Country filter and maxPerSite hold
 * always; minCountries wherever the candidates allow it, since fewer countries are better than fewer nodes. Never a node
 * of `exclude`, and none that is standing. Fewer than `count` means that there are no more.
 */
export function chooseSubstitutes(
  wanted: Wanted,
  nodes: readonly BrokerNode[],
  options: ChooseOptions & { standing: readonly string[]; count: number },
): string[] {
  return extend(wanted, nodes, options.standing, options.count, options).chosen;
}

/** One stand-in, or null when there is none left. See chooseSubstitutes. */
export function chooseSubstitute(
  wanted: Wanted,
  nodes: readonly BrokerNode[],
  options: ChooseOptions & { standing: readonly string[] },
): string | null {
  return chooseSubstitutes(wanted, nodes, { ...options, count: 1 })[0] ?? null;
}

function extend(
  wanted: Wanted,
  nodes: readonly BrokerNode[],
  standing: readonly string[],
  count: number,
  options: ChooseOptions,
) {
  const stands = new Set(standing);
  const spread = new Spread(
    nodes.filter((n) => stands.has(n.node)),
    nodes.filter((n) => !stands.has(n.node) && !options.exclude?.has(n.node) && suits(n, wanted)),
    { ...wanted, seed: options.seed },
  );
  // First the countries that are missing, each by one node; what is chosen for them can always be filled up to `count`,
  // since a limit per site is a partition matroid.
  const missing = Math.min(count, wanted.minCountries - spread.countries);
  if (missing > 0) coverCountries(spread, missing);
  while (spread.chosen.length < count && spread.takeBest()) {
    // takes one each time
  }
  return { chosen: spread.chosen, countries: spread.countries };
}
