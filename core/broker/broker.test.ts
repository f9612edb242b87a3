import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BrokerNode, suits, type Wanted } from './candidate';
import { chooseNodes, chooseSubstitute, chooseSubstitutes } from './choose-nodes';

const amounts = (n: number) => ({ cpuMilli: n, memoryMiB: n, diskMiB: n, networkKbps: n });

const node = fc.record({
  site: fc.constantFrom('a', 'b', 'c'),
  country: fc.option(fc.constantFrom('CH', 'DE', 'FR', 'JP'), { freq: 6 }),
  free: fc.constantFrom(0, 1, 2).map(amounts),
  reachability: fc.constantFrom('online' as const, 'online' as const, 'online' as const, 'unreachable' as const),
  adminSwitch: fc.constantFrom('open' as const, 'open' as const, 'open' as const, 'closed' as const),
  images: fc.constantFrom(['tiny'], ['tiny'], ['tiny', 'base']),
});
const fleet = fc.array(node, { maxLength: 8 }).map((list) => list.map((n, i): BrokerNode => ({ ...n, node: `n${i}` })));
const wanted = fc.record({
  count: fc.nat(5),
  picked: fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { maxLength: 2 }).map((list) => list.map((i) => `n${i}`)),
  onlyCountries: fc.constantFrom<string[]>([], ['CH'], ['CH', 'DE', 'FR']),
  minCountries: fc.integer({ min: 1, max: 4 }),
  maxPerSite: fc.integer({ min: 1, max: 3 }),
  resources: fc.constantFrom('tiny', 'tiny', 'base').map((image) => ({ ...amounts(1), image })),
});

const countriesOf = (nodes: BrokerNode[]) => new Set(nodes.flatMap((n) => n.country ?? [])).size;
const named = (nodes: BrokerNode[], urns: string[]) => nodes.filter((n) => urns.includes(n.node));

/** Do these chosen nodes, beside those that stand, keep within the limit of every site? */
function sitesHold(want: Wanted, standing: BrokerNode[], chosen: BrokerNode[]): boolean {
  return chosen.every((c) => [...standing, ...chosen].filter((n) => n.site === c.site).length <= want.maxPerSite);
}

function subsets<T>(list: T[], size: number): T[][] {
  if (size === 0) return [[]];
  return list.flatMap((item, i) => subsets(list.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}

test('finds a choice exactly when there is one, and what it finds meets every constraint', () => {
  fc.assert(
    fc.property(fleet, wanted, fc.string(), (nodes, want, seed) => {
      const candidates = nodes.filter((n) => !want.picked.includes(n.node) && suits(n, want));
      const picked = named(nodes, want.picked);
      const possible = subsets(candidates, want.count).some(
        (chosen) => sitesHold(want, picked, chosen) && countriesOf([...picked, ...chosen]) >= want.minCountries,
      );
      const choice = chooseNodes(want, nodes, { seed });
      expect(choice.ok).toBe(possible);
      if (!choice.ok) return;
      const chosen = choice.picks.filter((p) => !p.picked).map((p) => p.node);
      expect(chosen.length).toBe(want.count);
      expect(new Set(choice.picks.map((p) => p.node)).size).toBe(choice.picks.length);
      expect(named(candidates, chosen).length).toBe(want.count);
      expect(sitesHold(want, picked, named(nodes, chosen))).toBe(true);
      expect(countriesOf([...picked, ...named(nodes, chosen)])).toBeGreaterThanOrEqual(want.minCountries);
    }),
    { numRuns: 3000 },
  );
});

test('a refusal tells the most that could be had', () => {
  fc.assert(
    fc.property(fleet, wanted, (nodes, want) => {
      const choice = chooseNodes(want, nodes, { seed: 's' });
      if (choice.ok) return;
      const candidates = nodes.filter((n) => !want.picked.includes(n.node) && suits(n, want));
      const picked = named(nodes, want.picked);
      const sizes = [0, 1, 2, 3, 4, 5].filter(
        (n) => n <= want.count && subsets(candidates, n).some((s) => sitesHold(want, picked, s)),
      );
      if (choice.reason.code === 'NOT_ENOUGH_NODES') {
        expect(choice.reason.facts).toEqual({
          wants: want.picked.length + want.count,
          matching: want.picked.length + Math.max(...sizes),
        });
      } else {
        const best = Math.max(
          ...subsets(candidates, want.count)
            .filter((s) => sitesHold(want, picked, s))
            .map((s) => countriesOf([...picked, ...s])),
        );
        expect(choice.reason).toEqual({
          code: 'NOT_ENOUGH_COUNTRIES',
          facts: { wants: want.minCountries, matching: best },
        });
      }
    }),
    { numRuns: 2000 },
  );
});

test('a substitute is never a node that failed or stands, and keeps the countries where any candidate can', () => {
  fc.assert(
    fc.property(
      fleet,
      wanted,
      fc.uniqueArray(fc.integer({ min: 0, max: 7 }), { maxLength: 4 }),
      fc.boolean(),
      (nodes, want, bad, half) => {
        const exclude = new Set(bad.map((i) => `n${i}`));
        const standing = nodes
          .filter((n, i) => !exclude.has(n.node) && (half ? i % 2 === 0 : i < 2))
          .map((n) => n.node);
        const fit = nodes.filter(
          (n) =>
            !standing.includes(n.node) &&
            !exclude.has(n.node) &&
            suits(n, want) &&
            sitesHold(want, named(nodes, standing), [n]),
        );
        const found = chooseSubstitute(want, nodes, { standing, exclude, seed: 's' });
        expect(found === null).toBe(fit.length === 0);
        if (found === null) return;
        expect(fit.map((n) => n.node)).toContain(found);
        const after = (n: BrokerNode) => countriesOf([...named(nodes, standing), n]);
        const reachable = Math.min(want.minCountries, Math.max(...fit.map(after)));
        expect(countriesOf(named(nodes, [...standing, found]))).toBeGreaterThanOrEqual(reachable);
      },
    ),
    { numRuns: 2000 },
  );
});

test('the order in which nodes are told does not matter, the seed does', () => {
  const nodes = Array.from(
    { length: 40 },
    (_, i): BrokerNode => ({
      node: `n${i}`,
      site: `s${i % 20}`,
      country: `C${i % 10}`,
      free: amounts(8),
      reachability: 'online',
      adminSwitch: 'open',
      images: ['tiny'],
    }),
  );
  const want: Wanted = {
    count: 10,
    picked: [],
    onlyCountries: [],
    minCountries: 1,
    maxPerSite: 2,
    resources: { ...amounts(1), image: 'tiny' },
  };
  const one = chooseNodes(want, nodes, { seed: 'one' });
  expect(chooseNodes(want, nodes.toReversed(), { seed: 'one' })).toEqual(one);
  expect(chooseNodes(want, nodes, { seed: 'two' })).not.toEqual(one);
  // spread: ten nodes, ten countries
  expect(
    one.ok &&
      countriesOf(
        named(
          nodes,
          one.picks.map((p) => p.node),
        ),
      ),
  ).toBe(10);
});

test('a thousand of fifteen hundred nodes are chosen quickly', () => {
  const nodes = Array.from(
    { length: 1500 },
    (_, i): BrokerNode => ({
      node: `n${i}`,
      site: `s${i % 500}`,
      country: `C${i % 60}`,
      free: amounts(8),
      reachability: 'online',
      adminSwitch: 'open',
      images: ['tiny'],
    }),
  );
  const want: Wanted = {
    count: 1000,
    picked: ['n7'],
    onlyCountries: [],
    minCountries: 50,
    maxPerSite: 3,
    resources: { ...amounts(1), image: 'tiny' },
  };
  const started = performance.now();
  expect(chooseNodes(want, nodes, { seed: 's' }).ok).toBe(true);
  expect(chooseSubstitutes(want, nodes, { standing: ['n1'], count: 300, seed: 's' })).toHaveLength(300);
  expect(performance.now() - started).toBeLessThan(1500);
});
