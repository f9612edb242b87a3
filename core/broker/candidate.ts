import type { Reason } from '../errors';
import { firstShort, HARD_RESOURCES, type HardAmounts } from '../resources/vector';

/** What the broker knows of a node: an agent's advertisement of it, structurally. */
export type BrokerNode = {
  /** Node URN */
  node: string;
  site: string;
  /** ISO 3166-1 alpha-2; null where nobody knows: it then counts for no country. */
  country: string | null;
  /** Not leased and not promised. */
  free: HardAmounts;
  reachability: 'online' | 'late' | 'unreachable';
  adminSwitch: 'open' | 'draining' | 'closed';
  images: readonly string[];
};

/** The part of a slice's request that says which nodes will do. */
export type Wanted = {
  /** Nodes to choose besides the picked ones. */
  count: number;
  /** Node URNs that the person picked: taken whatever their state, since the person asked for them. */
  picked: readonly string[];
  /** Countries of the chosen nodes; empty means any. Picked nodes are not held to it. */
  onlyCountries: readonly string[];
  /** At least this many different countries among picked and chosen together. */
  minCountries: number;
  /** At most this many nodes of one site, picked ones counted. Picked nodes alone may exceed it. */
  maxPerSite: number;
  /** One sliver's hard amounts, and the image that it is made of. */
  resources: HardAmounts & { image: string };
};

export type Pick = { node: string; picked: boolean };
export type Choice = { ok: true; picks: Pick[] } | { ok: false; reason: Reason };

/** May the broker choose this node now? Online, open, of an allowed country, with the image, and one sliver fits. */
export function suits(node: BrokerNode, wanted: Filter): boolean {
  if (node.reachability !== 'online' || node.adminSwitch !== 'open') return false;
  if (wanted.onlyCountries.length > 0 && !(node.country && wanted.onlyCountries.includes(node.country))) return false;
  return node.images.includes(wanted.resources.image) && firstShort(wanted.resources, node.free) === null;
}
type Filter = { readonly onlyCountries: readonly string[]; readonly resources: HardAmounts & { image: string } };

/** How many such slivers the node could still take: 1 and up for one that suits, at most 64 (beyond that all are alike). */
export function roomFor(node: { free: HardAmounts }, wants: HardAmounts): number {
  const fits = HARD_RESOURCES.map((r) => (wants[r] > 0 ? Math.floor(node.free[r] / wants[r]) : 64));
  return Math.min(64, ...fits);
}

/** A number that is the same for the same seed and node, and otherwise as good as random (FNV-1a, 32 bits). */
export function lot(seed: string, node: string): number {
  let hash = 0x811c9dc5;
  for (const text of [seed, '\n', node]) {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}
