import type { HardAmounts } from '@/core/resources/vector';
import type { KnownAgent } from '@/protocol/agent/agents';
import { type IdentityKey, thumbprint } from '@/protocol/statement/keys';
import { signStatement } from '@/protocol/statement/sign';
import { newStatementId } from '../lease/redeem';

const DAY_SECONDS = 86_400;
/**
 * How long a root delegation holds. A new one is signed when a quarter of that is over (`AgentWish` says so). A lease lies wholly inside one delegation, its renewals and its grace
 * too (four weeks, and at most 30 days), also when it began on the last day before the next one was sent.
 */
export const DELEGATION_DAYS = 80;

/**
 * A node's root delegation: an agent may issue tickets for these amounts, up to this degree of oversubscription, for 80 days.
 * It holds from a little ago, so that an agent whose clock is behind can use it at once.
 */
export function rootDelegation(
  key: IdentityKey,
  node: string,
  incarnation: string,
  rights: HardAmounts,
  agent: Pick<KnownAgent, 'urn' | 'publicKey'>,
  now: number,
  degreeMilli = 1000,
): string {
  const at = Math.floor(now / 1000);
  return signStatement(
    'delegation+jwt',
    {
      iss: key.jkt,
      jti: newStatementId(),
      node,
      grantee: agent.publicKey,
      granteeUrn: agent.urn,
      rights,
      degreeMilli,
      line: thumbprint(agent.publicKey), // one line to each agent, also across incarnations: leases may go on
      incarnation,
      nbf: at - 600,
      exp: at + DELEGATION_DAYS * DAY_SECONDS,
    },
    key,
  );
}
