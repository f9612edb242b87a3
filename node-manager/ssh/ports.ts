import { createHash } from 'node:crypto';

/** Ports that a node may listen on for its slivers, both ends included. */
export type PortRange = { from: number; to: number };

/** "22000-22999", or null for "off" and what is no range. */
export function parsePorts(text: string): PortRange | null {
  const [from = 0, to = 0] = (/^(\d{1,5})-(\d{1,5})$/.exec(text)?.slice(1) ?? []).map(Number);
  return from >= 1 && from <= to && to <= 65_535 ? { from, to } : null;
}

/**
 * The order in which ports are tried for a sliver: from one that its name chooses, so that several nodes on one host seldom want the same.
 * Those in `taken` are left out.
 */
export function portOrder(range: PortRange, name: string, taken: ReadonlySet<number>): number[] {
  const count = range.to - range.from + 1;
  const first = createHash('sha256').update(name).digest().readUInt32LE(0) % count;
  return Array.from({ length: count }, (_, i) => range.from + ((first + i) % count)).filter((port) => !taken.has(port));
}
