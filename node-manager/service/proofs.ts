// biome-ignore-all lint/suspicious/useAwait: a refusal must reject, not throw
import { Refused } from '@/core/errors';
import type { NodeManagerService } from '@/protocol/node-manager/router';
import type { VerifiedTicket } from '@/protocol/statement/ticket';
import { decodeUnverified } from '@/protocol/statement/verify';
import type { Peer } from '@/protocol/trpc';
import { chargedLink } from '../lease/redeem';
import type { NodeManager } from '../node';
import { type Guards, isDeployment } from './guards';

/** What a node can show of its decisions: why it had no room, and what an issuer has there. */
export function proofsService(
  node: NodeManager,
  { asHolder }: Pick<Guards, 'asHolder'>,
): Pick<NodeManagerService, 'refusal' | 'standing'> {
  return {
    async refusal(peer, ticket) {
      asHolder(peer);
      const proof = node.refusals.of(ticket);
      // Another's looks like none.
      const own = proof && decodeUnverified('ticket+jwt', proof.ticket).claims.cnf.jkt === peer.jkt;
      return { proof: own ? proof : null };
    },

    async standing(peer, { issuer }) {
      const agent = peer.kind === 'agent' || peer.kind === 'partner-agent';
      if (agent && peer.jkt !== issuer) throw new Refused('NOT_ALLOWED', { permission: 'to ask about another issuer' });
      if (!agent) asHolder(peer);
      return { standing: await node.standing(issuer) };
    },
  };
}

/** The refusal of a verified ticket as its presenter gets it: one for lack of room is signed, and its proof kept. */
export function signedRefusal(
  node: NodeManager,
  peer: Peer,
  ticket: VerifiedTicket | null,
  text: string,
  err: unknown,
  now: number,
): unknown {
  if (!ticket) return err;
  const { claims, chain } = ticket;
  const before = claims.replaces === undefined ? undefined : node.state.spent.get(`${claims.iss} ${claims.replaces}`);
  const exceeded = node.books.exceededLink({ ...claims, links: chain.map(chargedLink) }, before?.lease ?? undefined);
  return node.refusals.signed(err, ticket, text, { exceeded, outsider: !isDeployment(peer), now });
}
