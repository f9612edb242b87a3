import type { FleetNode } from '@/protocol/api/fleet';

/** Nodes by their names as people type them, separated by commas or spaces: the URNs, and the names that stand for none or for several. */
export function nodesNamed(
  text: string,
  nodes: readonly Pick<FleetNode, 'urn' | 'hostname'>[],
): { urns: string[]; unknown: string[] } {
  const names = text.split(/[\s,;]+/).filter((name) => name !== '');
  const found = names.map((name) => ({ name, nodes: nodes.filter((n) => n.hostname === name || n.urn === name) }));
  return {
    urns: [...new Set(found.flatMap((f) => (f.nodes.length === 1 ? (f.nodes[0]?.urn ?? []) : [])))],
    unknown: found.filter((f) => f.nodes.length !== 1).map((f) => f.name),
  };
}
