import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FleetNode } from '@/protocol/api/fleet';
import {
  countryName,
  type FleetFilters,
  filterNodes,
  filtersFrom,
  filtersQuery,
  NO_FILTERS,
  sortNodes,
  tally,
} from './filters';
import { STANDINGS, standingOf } from './node-standing';

function node(change: Partial<FleetNode>): FleetNode {
  return {
    id: change.urn ?? 'a',
    urn: 'urn:publicid:IDN+meridian:oslo+node+node1',
    hostname: 'node1.oslo',
    site: 'oslo',
    siteName: 'University of Oslo (demo)',
    partner: null,
    country: 'NO',
    city: 'Oslo',
    latitude: 59.9,
    longitude: 10.7,
    bootState: 'boot',
    adminSwitch: 'open',
    reachability: 'online',
    simulated: true,
    slivers: 0,
    capacity: null,
    free: null,
    lastSeen: null,
    unusable: null,
    ...change,
  };
}

const away = node({
  urn: 'b',
  hostname: 'node2.oslo',
  reachability: 'unreachable',
  unusable: { code: 'NODE_UNREACHABLE', facts: {} },
});
const kyoto = node({
  urn: 'c',
  hostname: 'node10.kyoto',
  site: 'kyoto',
  siteName: 'University of Kyoto (demo)',
  city: 'Kyoto',
  country: 'JP',
  simulated: false,
  partner: null,
});
const nowhere = node({ urn: 'd', hostname: 'lost', site: 'lost', siteName: 'lost', country: null, city: null });
const all = [node({}), away, kyoto, nowhere];
const names = (filters: Partial<FleetFilters>, ofSlice?: Set<string>) =>
  filterNodes(all, { ...NO_FILTERS, ...filters }, ofSlice).map((each) => each.hostname);

describe('filters', () => {
  test('leave everything when there are none', () => expect(names({})).toHaveLength(4));
  test('find words in any field, the country’s name too', () => {
    expect(names({ text: 'japan university' })).toEqual(['node10.kyoto']);
    expect(names({ text: 'NORWAY node2' })).toEqual(['node2.oslo']);
    expect(names({ text: 'node2 kyoto' })).toEqual([]);
  });
  test('narrow by country, site, state, kind, room and slice', () => {
    expect(names({ countries: ['JP', '--'] })).toEqual(['node10.kyoto', 'lost']);
    expect(names({ sites: ['kyoto'] })).toEqual(['node10.kyoto']);
    expect(names({ standings: ['unreachable'] })).toEqual(['node2.oslo']);
    expect(names({ kind: 'real' })).toEqual(['node10.kyoto']);
    expect(names({ room: true })).toEqual(['node1.oslo', 'node10.kyoto', 'lost']);
    expect(names({}, new Set(['c']))).toEqual(['node10.kyoto']);
  });

  test('live in the address and come back from it', () => {
    const word = fc.stringMatching(/^[a-z0-9 .]{0,20}$/);
    const filters = fc.record({
      text: word,
      countries: fc.uniqueArray(fc.constantFrom('JP', 'NO', '--')),
      sites: fc.uniqueArray(fc.constantFrom('oslo', 'kyoto')),
      standings: fc.subarray([...STANDINGS]),
      kind: fc.constantFrom('any' as const, 'real' as const, 'simulated' as const),
      room: fc.boolean(),
      slice: fc.constantFrom('', 'demo_ocean'),
    });
    fc.assert(
      fc.property(filters, (each) => {
        expect(filtersFrom(filtersQuery(each))).toEqual(each);
      }),
    );
  });
  test('of an address that nobody wrote are ignored', () => {
    expect(filtersFrom(new URLSearchParams('state=dancing&kind=odd&room=yes'))).toEqual(NO_FILTERS);
  });
});

test('sorting counts numbers in names, and puts the unknown last either way', () => {
  const order = (key: 'hostname' | 'country' | 'seen', down: boolean) =>
    sortNodes(all, { key, down }).map((each) => each.hostname);
  expect(order('hostname', false)).toEqual(['lost', 'node1.oslo', 'node2.oslo', 'node10.kyoto']);
  expect(order('country', false).at(-1)).toBe('lost');
  expect(sortNodes([nowhere, { ...kyoto, lastSeen: new Date(5) }], { key: 'seen', down: false }).at(-1)?.hostname).toBe(
    'lost',
  );
  expect(sortNodes([nowhere, { ...kyoto, lastSeen: new Date(5) }], { key: 'seen', down: true }).at(-1)?.hostname).toBe(
    'lost',
  );
});

test('a tally is most first', () => expect(tally(all, (each) => each.site)[0]).toEqual(['oslo', 2]));
test('a country without a code is unknown', () =>
  expect([countryName('NO'), countryName(null), countryName('--')]).toEqual(['Norway', 'Unknown', 'Unknown']));

describe('a node’s standing', () => {
  const enrolled = { bootState: 'boot', adminSwitch: 'open', reachability: 'online', unusable: null } as const;
  test.each([
    ['ready', {}],
    ['late', { reachability: 'late' as const }],
    ['full', { unusable: { code: 'NODE_FULL', facts: {} } }],
    ['undelegated', { unusable: { code: 'NOT_DELEGATED', facts: {} } }],
    ['draining', { adminSwitch: 'draining' as const }],
    ['debug', { bootState: 'debug' as const, reachability: 'never' as const }],
    ['unreachable', { reachability: 'never' as const, unusable: { code: 'NODE_UNREACHABLE', facts: {} } }],
    ['unenrolled', { reachability: 'never' as const, unusable: { code: 'NODE_NOT_ENROLLED', facts: {} } }],
    ['unenrolled', { bootState: 'registered' as const, reachability: 'never' as const }],
  ])('%s', (standing, change) => expect(standingOf({ ...enrolled, ...change })).toBe(standing));
});
