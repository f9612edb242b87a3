import type { HardAmounts } from '@/core/resources/vector';
import { type IdentityKey, thumbprint } from '@/protocol/statement/keys';
import { signStatement } from '@/protocol/statement/sign';
import { newStatementId } from '../lease/redeem';
import type { Enrolment } from './enrolment';

const DAY_SECONDS = 86_400;
/**
 * How long a root delegation holds, and when a new one is sent. A lease lies wholly inside one delegation, its renewals and its grace
 * too (four weeks, and at most 30 days), also when it began on the last day before the next one was sent.
 */
export const DELEGATION_DAYS = 80;
export const DELEGATION_RENEW_DAYS = 20;

/**
 * The node's root delegation: its agent may issue tickets for all that the node has, without oversubscription, for 80 days.
 * It holds from a little ago, so that an agent whose clock is behind can use it at once.
 */
export function rootDelegation(
  key: IdentityKey,
  node: string,
  incarnation: string,
  capacity: HardAmounts,
  agent: Enrolment['agent'],
  now: number,
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
      rights: capacity,
      degreeMilli: 1000,
      line: thumbprint(agent.publicKey), // one line to each agent, also across incarnations: leases may go on
      incarnation,
      nbf: at - 600,
      exp: at + DELEGATION_DAYS * DAY_SECONDS,
    },
    key,
  );
}
