import type { TrustBox, TrustEdge, TrustGraph } from '@/protocol/api/trust';
import { type GraphFacts, readGraph } from '@/server/data/trust/graph';
import { visibleNodes } from '@/server/data/trust/scope';
import type { Tx } from '@/server/db';
import type { Person } from '../policy';

/** Who trusts whom for what, as far as the person may see it: boxes and edges, sums of the database's, bounded in number. */
export async function trustGraph(
  db: Tx,
  person: Person,
  opened: { open: string; site: string },
  now: Date,
): Promise<TrustGraph> {
  const facts = await readGraph(db, visibleNodes(person), opened, now);
  return { at: now, ...toGraph(facts), scope: scopeOf(person) };
}

/** How much of the whole a person sees. */
export function scopeOf(person: Person): TrustGraph['scope'] {
  if (person.operator) return 'all';
  return person.memberships.some((m) => m.role !== 'researcher') ? 'site' : 'own';
}

/**
 * Agents stand in the column of how far the authority came to them, so that every edge leads to the right, and two agents that pass on to
 * each other, each of other nodes, are no loop: an agent may stand in two columns.
 */
function toGraph(facts: GraphFacts): Omit<TrustGraph, 'at' | 'scope'> {
  const known = new Map(facts.agents.map((agent) => [agent.id, agent]));
  const boxes: TrustBox[] = facts.boxes.map(({ box, name, ...rest }) => {
    return { id: box, ...rest, name: name ?? '', column: 0, closed: false };
  });
  const ids = new Set(boxes.map((box) => box.id));
  const agentBox = (id: string, column: number) => {
    const box = `agent:${id}@${column}`;
    const agent = known.get(id);
    if (!ids.has(box) && agent) {
      ids.add(box);
      const { name, partner, closed } = agent;
      boxes.push({ id: box, kind: 'agent', column, ref: id, name, partner, closed, nodes: 0, sites: 0 });
    }
    return box;
  };
  const edges = facts.edges.flatMap(({ box, depth, issuerId, agentId, ...sums }): TrustEdge[] => {
    const from = depth === 1 ? box : issuerId && agentBox(issuerId, depth - 1);
    if (!from) return [];
    const to = agentBox(agentId, depth);
    return [{ id: `${from}>${to}`, from, to, ...sums }];
  });
  const used = facts.agents;
  return {
    boxes,
    edges,
    totals: {
      nodes: facts.nodes,
      sites: facts.sites,
      agents: used.filter((agent) => agent.partner === null).length,
      partners: new Set(used.flatMap((agent) => agent.partner ?? [])).size,
      links: edges.reduce((sum, edge) => sum + edge.links, 0),
    },
    without: Math.max(0, facts.seen - facts.nodes),
  };
}
