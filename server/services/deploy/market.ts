import type { BrokerNode } from '@/core/broker/candidate';
import { type AgentOffer, bestOffer } from '@/core/broker/share-out';
import { type Reason, Refused } from '@/core/errors';
import type { HardAmounts } from '@/core/resources/vector';
import { orRefused } from '@/protocol/transport/client';
import { refusedFrom } from '@/protocol/trpc';
import type { DeploymentAgent } from '@/server/service-manager/service-manager';
import type { DeployContext } from './context';
import { withPatience } from './patience';

/** What the deployment's agents offer together, and who they are. */
export type Market = {
  /** Every node that any of them knows, with what is free by the agent that has most of it. */
  nodes: BrokerNode[];
  /** What each agent could issue, by node. */
  offers: ReadonlyMap<string, readonly AgentOffer[]>;
  /** Those that answered, by URN. */
  agents: ReadonlyMap<string, DeploymentAgent>;
};

/**
 * Asks every open agent what it advertises, also nodes that cannot be used now: a person may have picked one. One that does not answer
 * soon is left out, with what it offers. @throws Refused AGENT_UNREACHABLE when none answers, AGENT_CLOSED when none is open
 */
export async function readMarket(ctx: DeployContext, wants: HardAmounts): Promise<Market> {
  const all = await ctx.callers.agents();
  const open = all.filter((agent) => agent.adminSwitch === 'open');
  if (open.length === 0) throw noAgent(all);
  const answers = await withPatience(
    open.map((agent) => async (signal) => {
      return { agent, ads: await orRefused(agent.client.advertisements.query({ includeUnusable: true }, { signal })) };
    }),
    ctx.signal,
  );
  const offers = new Map<string, AgentOffer[]>();
  const nodes = new Map<string, BrokerNode>();
  const agents = new Map<string, DeploymentAgent>();
  for (const [i, answer] of answers.entries()) {
    if (answer.status === 'rejected') {
      ctx.log.warn({ err: answer.reason, agent: open[i]?.urn }, 'an agent does not say what it offers');
      continue;
    }
    const { agent, ads } = answer.value;
    agents.set(agent.urn, agent);
    for (const ad of ads.advertisements) {
      const known = offers.get(ad.node) ?? [];
      offers.set(ad.node, [...known, { agent: agent.urn, free: ad.free }]);
      nodes.set(ad.node, ad);
    }
  }
  if (agents.size === 0) {
    const failed = answers.find((one) => one.status === 'rejected');
    throw new Refused('AGENT_UNREACHABLE', awayFacts(open, refusedFrom(failed?.reason)?.reason ?? null));
  }
  const best = (node: BrokerNode) => bestOffer(offers.get(node.node) ?? [], wants)?.free ?? node.free;
  return { nodes: [...nodes.values()].map((node) => ({ ...node, free: best(node) })), offers, agents };
}

/** What a refusal of one of several agents says of who it was, beside why. */
export function saidBy(reason: Reason, agent: DeploymentAgent, of: number): Reason {
  return of > 1 ? { code: reason.code, facts: { ...reason.facts, agent: agent.urn } } : reason;
}

/** For an agent that did not answer, or answered with an error of its own. */
export function agentAway(agent: DeploymentAgent, err: unknown): Reason {
  const said = refusedFrom(err)?.reason;
  return (
    said ??
    new Refused('AGENT_UNREACHABLE', { address: agent.address, cause: 'it answered with an error of its own' }).reason
  );
}

function awayFacts(agents: readonly DeploymentAgent[], said: Reason | null) {
  const cause = said?.code === 'AGENT_UNREACHABLE' ? said.facts.cause : null;
  return { address: agents.map((agent) => agent.address).join(', '), cause: cause ?? 'it did not answer in time' };
}

/** @returns why nobody can be asked */
function noAgent(all: readonly DeploymentAgent[]): Refused {
  const [first] = all;
  if (!first) return new Refused('AGENT_UNREACHABLE', { cause: 'none has started yet' });
  return new Refused('AGENT_CLOSED', { agent: first.urn, adminSwitch: first.adminSwitch });
}
