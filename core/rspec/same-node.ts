import type { ImportedNode } from './to-node';

type Comparable = Omit<ImportedNode, 'attributes'> & { attributes: Readonly<Record<string, unknown>> };

/**
 * Does an import say of a node what is known already? The boot state of a node that has enrolled is its own word and no
 * longer the file's.
 */
export function sameNode(known: Comparable & { enrolled: boolean }, imported: Comparable): boolean {
  return (
    text({ ...known, bootState: 'boot' }) === text({ ...imported, bootState: 'boot' }) &&
    (known.enrolled || known.bootState === imported.bootState)
  );
}

function text(node: Comparable): string {
  const { urn, hostname, siteUrn, network, latitude, longitude, country, city, bootState } = node;
  const attributes = Object.entries(node.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const interfaces = node.interfaces
    .map(({ name, ipv4, ipv6 }) => [name, ipv4, ipv6])
    .sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
  return JSON.stringify([
    urn,
    hostname,
    siteUrn,
    network,
    latitude,
    longitude,
    country,
    city,
    bootState,
    attributes,
    interfaces,
  ]);
}
