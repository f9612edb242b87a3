import { Refused } from '@/core/errors';
import { orRefused } from '@/protocol/transport/client';
import type { DeploymentAgent } from '@/server/service-manager/service-manager';
import type { ReturnedTicket } from './context';

/**
 * Gives tickets back, each to the agent that issued it. One of an agent that is no longer in force frees nothing for anybody: it is left.
 * @throws Refused AGENT_UNREACHABLE when an agent does not answer
 */
export async function returnTickets(
  agents: readonly DeploymentAgent[],
  tickets: readonly ReturnedTicket[],
  signal: AbortSignal,
): Promise<void> {
  if (agents.length === 0) throw new Refused('AGENT_UNREACHABLE', { cause: 'none has started yet' });
  await Promise.all(
    agents.map(async ({ keys, client }) => {
      const own = tickets.filter((ticket) => keys.includes(ticket.iss));
      if (own.length > 0) await orRefused(client.returnTickets.mutate({ tickets: own }, { signal }));
    }),
  );
}
