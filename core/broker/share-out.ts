import type { HardAmounts } from '../resources/vector';
import { lot, roomFor } from './candidate';

/** What an agent could still issue of a node, by its own advertisement. */
export type AgentOffer = { agent: string; free: HardAmounts };

/** The offer with most room for such slivers; of equal ones the first. Null where nobody offers the node. */
export function bestOffer(offers: readonly AgentOffer[], wants: HardAmounts): AgentOffer | null {
  let best: AgentOffer | null = null;
  for (const offer of offers) if (!best || roomFor(offer, wants) > roomFor(best, wants)) best = offer;
  return best;
}

/**
 * Decides for each node which agent is asked for its ticket: the one with most room there, so that agents are used up evenly. Where several
 * have as much, the one that is best on most nodes, so that few are asked; among equals by lot. Nodes that nobody offers are left out.
 * Pure; the order of nodes and offers does not matter.
 */
export function shareOut(
  nodes: readonly { node: string; offers: readonly AgentOffer[] }[],
  wants: HardAmounts,
  seed: string,
): Map<string, string[]> {
  const bests = nodes.map(({ node, offers }) => {
    const most = Math.max(...offers.map((offer) => roomFor(offer, wants)));
    return { node, agents: offers.filter((offer) => roomFor(offer, wants) === most).map(({ agent }) => agent) };
  });
  const wins = new Map<string, number>();
  for (const { agents } of bests) for (const agent of agents) wins.set(agent, (wins.get(agent) ?? 0) + 1);
  const ranked = [...wins]
    .sort(([a, winsA], [b, winsB]) => winsB - winsA || lot(seed, a) - lot(seed, b) || (a < b ? -1 : 1))
    .map(([agent]) => agent);
  const shares = new Map<string, string[]>();
  for (const { node, agents } of bests) {
    const agent = ranked.find((one) => agents.includes(one));
    if (agent !== undefined) shares.set(agent, [...(shares.get(agent) ?? []), node]);
  }
  return shares;
}
