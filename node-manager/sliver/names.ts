import { formatUrn, parseUrn } from '@/core/identity/urn';

/** A URN's own name: the slice's, the node's. The URN itself where it is none. */
export function nameOf(urn: string): string {
  return parseUrn(urn)?.name ?? urn;
}

/** The first label of a node's name, at most 32 characters. */
export function shortNodeName(nodeUrn: string): string {
  return (nameOf(nodeUrn).split('.')[0] ?? 'node').slice(0, 32);
}

/** `<slice>.<node>` in a host name's characters: what `hostname` prints inside, at most 64 characters (Linux's bound). */
export function sliverHostname(sliceUrn: string, nodeUrn: string): string {
  const label = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'x';
  return `${label(nameOf(sliceUrn)).slice(0, 31)}.${label(shortNodeName(nodeUrn))}`;
}

/** The sliver's URN: under the node's own authority and site, one for each lease. */
export function sliverUrn(sliceUrn: string, nodeUrn: string, leaseJti: string): string {
  const node = parseUrn(nodeUrn);
  const name = `${nameOf(sliceUrn).slice(0, 40)}.${shortNodeName(nodeUrn)}.${leaseJti.slice(0, 12)}`.replace(
    /[^A-Za-z0-9._@:-]/g,
    '-',
  );
  return formatUrn({
    authority: node?.authority ?? 'unknown',
    ...(node?.site ? { site: node.site } : {}),
    kind: 'sliver',
    name,
  });
}
