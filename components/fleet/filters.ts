import type { FleetNode } from '@/protocol/api/fleet';
import { STANDINGS, type Standing, standingOf } from './node-standing';

/** What narrows the fleet; map and table share it, and the address holds it. Empty lists mean any. */
export type FleetFilters = {
  text: string;
  countries: string[];
  sites: string[];
  standings: Standing[];
  kind: 'any' | 'real' | 'simulated';
  /** Only nodes that could take a sliver now. */
  room: boolean;
  /** Highlight (map) and narrow to (table) the nodes of this slice. */
  slice: string;
};

export const NO_FILTERS: FleetFilters = {
  text: '',
  countries: [],
  sites: [],
  standings: [],
  kind: 'any',
  room: false,
  slice: '',
};

const list = (value: string | null) => (value ? value.split(',').filter(Boolean).slice(0, 250) : []);

/** Reads filters from an address; what is not understood is left out, so an old link still works. */
export function filtersFrom(query: { get(name: string): string | null }): FleetFilters {
  const kind = query.get('kind');
  return {
    text: (query.get('q') ?? '').slice(0, 200),
    countries: list(query.get('country')).map((code) => code.toUpperCase()),
    sites: list(query.get('site')),
    standings: STANDINGS.filter((standing) => list(query.get('state')).includes(standing)),
    kind: kind === 'real' || kind === 'simulated' ? kind : 'any',
    room: query.get('room') === '1',
    slice: (query.get('slice') ?? '').slice(0, 32),
  };
}

/** The filters as the query of an address; empty for none. Inverse of `filtersFrom`. */
export function filtersQuery(filters: FleetFilters): URLSearchParams {
  const query = new URLSearchParams();
  if (filters.text) query.set('q', filters.text);
  if (filters.countries.length) query.set('country', filters.countries.join(','));
  if (filters.sites.length) query.set('site', filters.sites.join(','));
  if (filters.standings.length) query.set('state', filters.standings.join(','));
  if (filters.kind !== 'any') query.set('kind', filters.kind);
  if (filters.room) query.set('room', '1');
  if (filters.slice) query.set('slice', filters.slice);
  return query;
}

export function anyFilter(filters: FleetFilters): boolean {
  return filtersQuery(filters).size > 0;
}

/** The nodes that the filters leave, in the order given. Words of the text must all be found, in any field. */
export function filterNodes(
  nodes: readonly FleetNode[],
  filters: FleetFilters,
  ofSlice?: ReadonlySet<string>,
): FleetNode[] {
  const words = filters.text.toLowerCase().split(/\s+/).filter(Boolean);
  const countries = new Set(filters.countries);
  const sites = new Set(filters.sites);
  const standings = new Set<Standing>(filters.standings);
  return nodes.filter((node) => {
    if (ofSlice && !ofSlice.has(node.id)) return false;
    if (countries.size && !countries.has(node.country ?? '--')) return false;
    if (sites.size && !sites.has(node.site)) return false;
    if (filters.kind !== 'any' && node.simulated !== (filters.kind === 'simulated')) return false;
    if (filters.room && node.unusable) return false;
    if (standings.size && !standings.has(standingOf(node))) return false;
    if (words.length === 0) return true;
    const text =
      `${node.hostname} ${node.urn} ${node.site} ${node.siteName} ${node.city ?? ''} ${node.country ?? ''} ${countryName(node.country)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

let names: Intl.DisplayNames | undefined;

/** A country's English name; "Unknown" where the node has none. */
export function countryName(code: string | null): string {
  if (!code || !/^[A-Z]{2}$/.test(code)) return 'Unknown';
  names ??= new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });
  return names.of(code) ?? code;
}

/** Values of a field with how many nodes have each, most first: what a filter offers. */
export function tally<T extends string>(nodes: readonly FleetNode[], of: (node: FleetNode) => T): [T, number][] {
  const counts = new Map<T, number>();
  for (const node of nodes) counts.set(of(node), (counts.get(of(node)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));
}

export type SortKey = 'standing' | 'hostname' | 'site' | 'country' | 'slivers' | 'cpu' | 'memory' | 'seen';
export type Sort = { key: SortKey; down: boolean };

const UNKNOWN_COUNTRY = '\uffff';

/** A sorted copy; equal rows keep the order of hostname and URN, unknown amounts come last either way. */
export function sortNodes(nodes: readonly FleetNode[], sort: Sort): FleetNode[] {
  const value = (node: FleetNode): string | number | null => {
    switch (sort.key) {
      case 'standing':
        return STANDINGS.indexOf(standingOf(node));
      case 'hostname':
        return node.hostname;
      case 'site':
        return node.site;
      case 'country':
        return node.country === null ? UNKNOWN_COUNTRY : countryName(node.country);
      case 'slivers':
        return node.slivers;
      case 'cpu':
        return node.free?.cpuMilli ?? null;
      case 'memory':
        return node.free?.memoryMiB ?? null;
      case 'seen':
        return node.lastSeen?.getTime() ?? null;
    }
  };
  const keyed = nodes.map((node) => ({ node, value: value(node) }));
  const turn = sort.down ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.value === null || b.value === null)
      return a.value === b.value ? tie(a.node, b.node) : a.value === null ? 1 : -1;
    if (a.value === b.value) return tie(a.node, b.node);
    const less =
      typeof a.value === 'string' && typeof b.value === 'string' ? collate(a.value, b.value) < 0 : a.value < b.value;
    return less ? -turn : turn;
  });
  return keyed.map(({ node }) => node);
}

const collator = new Intl.Collator('en', { numeric: true });
const collate = (a: string, b: string) => collator.compare(a, b);
const tie = (a: FleetNode, b: FleetNode) => collate(a.hostname, b.hostname) || collate(a.urn, b.urn);
