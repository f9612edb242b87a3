import { NOTHING } from '@/core/resources/vector';
import { storedPolicy } from '@/protocol/agent/policy';
import type { AgentView } from '@/protocol/api/agents';
import { agentUse, ownAgentRows } from '@/server/data/agents/agents';
import type { Tx } from '@/server/db';
import { may, type Person } from '../policy';

/** An agent says every five seconds that it is here. */
const HERE_MS = 15_000;

/** The deployment's agents with what they may give out and have given out. */
export async function listAgents(tx: Tx, person: Person, now: Date): Promise<AgentView[]> {
  const [rows, use] = [await ownAgentRows(tx), await agentUse(tx)];
  const seeds = may(person, 'agents.manage', null);
  return rows.map(({ revokedAt, adminSwitch, createdAt, policy, ...row }) => {
    const { nodes = 0, total = NOTHING, claimed = NOTHING, issued = 0, redeemed = 0 } = use.get(row.id) ?? {};
    return {
      ...row,
      name: row.urn.slice(row.urn.lastIndexOf('+') + 1),
      state: revokedAt ? 'revoked' : adminSwitch,
      since: createdAt,
      here: row.lastSeenAt !== null && now.getTime() - row.lastSeenAt.getTime() < HERE_MS,
      policy: shown(policy, seeds),
      nodes,
      total,
      claimed,
      issued,
      redeemed,
    };
  });
}

/** Who knows the seed can draw the lots ahead: only operators do. */
function shown(stored: unknown, seeds: boolean): AgentView['policy'] {
  const policy = storedPolicy(stored);
  if (policy.kind !== 'lottery' || seeds) return policy;
  const { seed: _, ...rest } = policy;
  return rest;
}
