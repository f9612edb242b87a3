/** What a node's network is called on its host: every name carries the node's own tag. Linux allows 15 characters. */
export type NetworkNames = {
  tag: string;
  bridge: string;
  /** Where what slivers send waits its turn. */
  ifb: string;
  /** Of the nft tables, one of family inet and one of family bridge. */
  table: string;
  /** Of every sliver's interface on the host. */
  vethPrefix: string;
};

/** Begins the name of every node's bridge on a host: what no sliver of another node may reach. */
export const BRIDGE_PREFIX = 'mb';

/** @param tag hexadecimal; its first eight digits count */
export function networkNames(tag: string): NetworkNames {
  const short = tag.slice(0, 8);
  return {
    tag: short,
    bridge: `${BRIDGE_PREFIX}${short}`,
    ifb: `mi${short}`,
    table: `meridian_${short}`,
    vethPrefix: `mv${short}-`,
  };
}

export function vethName(names: NetworkNames, slot: number): string {
  return names.vethPrefix + slot.toString(16).padStart(4, '0');
}
