import { expect, test } from 'vitest';
import { matchingOf, matchingProblems } from './matching';

const group = (siteId: string, country: string | null, nodes: number, picked = false) => ({
  siteId,
  country,
  nodes,
  picked,
});

test('counts at most maxPerSite nodes of a site', () => {
  const matching = matchingOf([group('a', 'FR', 5), group('b', 'DE', 1)], [], 2);
  expect(matching).toEqual({ nodes: 3, countries: 2, choosable: 3 });
});

test('a picked node uses up its site’s share and brings its country', () => {
  const matching = matchingOf([group('a', 'FR', 5), group('a', 'FR', 1, true)], [{ siteId: 'a', country: 'FR' }], 1);
  expect(matching).toEqual({ nodes: 1, countries: 1, choosable: 0 });
});

test('a picked node that is down now still counts for its country', () => {
  expect(matchingOf([], [{ siteId: 'a', country: 'JP' }], 3)).toEqual({ nodes: 0, countries: 1, choosable: 0 });
});

test('says which wish the fleet cannot meet', () => {
  const matching = { nodes: 8, countries: 4, choosable: 7 };
  expect(matchingProblems({ count: 7, picked: 1, minCountries: 4 }, matching)).toEqual([]);
  expect(matchingProblems({ count: 9, picked: 1, minCountries: 5 }, matching)).toEqual([
    { field: 'count', reason: { code: 'NOT_ENOUGH_NODES', facts: { wants: 10, matching: 8 } } },
    { field: 'minCountries', reason: { code: 'NOT_ENOUGH_COUNTRIES', facts: { wants: 5, matching: 4 } } },
  ]);
});
