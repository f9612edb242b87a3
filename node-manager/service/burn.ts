import { Refused } from '@/core/errors';
import { verifyOpenTicket } from '@/protocol/statement/ticket';
import { openStatement } from '@/protocol/statement/verify';
import type { Peer } from '@/protocol/trpc';
import type { NodeManager } from '../node';
import { isDeployment } from './guards';

type Burn = { iss: string; jti: string; ticket?: string | undefined };

/** Why a ticket can no longer become a lease here, so that there is nothing to burn. */
const DEAD = new Set<string>(['REVOKED', 'WRONG_INCARNATION', 'EXCEEDS_PARENT', 'EXPIRED', 'NOT_YET_VALID']);

/**
 * Which of the tickets the peer may burn. The deployment's service manager burns by name. Everybody else shows the ticket: its
 * signatures hold, it is for this node and slice, and it names the peer as its holder. It is judged as of a time at which it could be
 * redeemed, so that what came of one that is over can still be asked for. `now`: epoch ms.
 * @throws Refused INVALID_INPUT, WRONG_HOLDER and whatever else is wrong with a ticket that is shown
 */
export function burnable(node: NodeManager, peer: Peer, slice: string, burn: readonly Burn[], now: number): Burn[] {
  if (isDeployment(peer)) return [...burn];
  return burn.filter((one, i) => {
    const wrong = (problem: string) => new Refused('INVALID_INPUT', { field: `burn.${i}.ticket`, problem });
    if (one.ticket === undefined) throw wrong('is not shown');
    const ticket = openStatement('ticket+jwt', one.ticket);
    const { iss, jti, slice: of, nbf, exp } = ticket.unverified.claims;
    if (iss !== one.iss || jti !== one.jti) throw wrong('is another ticket');
    if (of !== slice) throw wrong('is for another slice');
    try {
      verifyOpenTicket(ticket, {
        nodeUrn: node.o.urn,
        nodeJwk: node.o.key.jwk,
        incarnation: node.state.incarnation,
        now: Math.min(Math.max(now, nbf * 1000), (exp - 1) * 1000),
        revokedKeys: new Set(node.state.revokedKeys),
        holderJkt: peer.jkt,
      });
      return true;
    } catch (err) {
      if (err instanceof Refused && DEAD.has(err.code)) return false;
      throw err;
    }
  });
}
