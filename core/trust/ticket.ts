import { Refused } from '../errors';
import type { HardAmounts } from '../resources/vector';
import { isoAt } from '../time/span';
import { type ChainContext, type ChainLink, judgeChain, judgeKey, judgeRights, judgeTerm, judgeWindow } from './chain';

/** What judging needs of a ticket whose signature holds. Times are epoch seconds. */
export type TicketFacts = {
  iss: string;
  jti: string;
  aud: string;
  cnf: { jkt: string };
  resources: HardAmounts;
  start: number;
  end: number;
  graceSeconds: number;
  nbf: number;
  exp: number;
};

/** A ticket is judged against its chain's context and the key that the presenter proved. */
export type TicketContext = ChainContext & { holderJkt: string };

/**
 * Judges a ticket under its chain, root first: for this node, presented by the key it names, issued by the last
 * link's grantee, amounts inside that link's rights, lease term with its grace and redeem window inside that link's
 * term, and the redeem window open now (±300 s). Says nothing of whether it was redeemed before, nor of room: those
 * are the node's journal and books.
 *
 * Throws what `judgeChain` throws, and `WRONG_HOLDER`, `LEASE_OVER`.
 */
export function judgeTicket(ticket: TicketFacts, chain: readonly ChainLink[], context: TicketContext): void {
  judgeChain(chain, context);
  const last = chain[chain.length - 1];
  if (!last || ticket.iss !== last.granteeJkt) throw new Refused('UNKNOWN_ISSUER', { iss: ticket.iss });
  if (ticket.aud !== context.nodeUrn) throw new Refused('WRONG_NODE', { expected: context.nodeUrn, got: ticket.aud });
  if (ticket.cnf.jkt !== context.holderJkt)
    throw new Refused('WRONG_HOLDER', { expected: ticket.cnf.jkt, got: context.holderJkt });
  judgeKey(ticket.cnf.jkt, context.revokedKeys);
  if (ticket.start >= ticket.end || ticket.nbf >= ticket.exp) {
    throw new Refused('STATEMENT_MALFORMED', { problem: 'a ticket whose term or window ends before it starts' });
  }
  judgeRights(ticket.resources, last.rights);
  judgeTerm('lease term', ticket.start, ticket.end + ticket.graceSeconds, last);
  judgeTerm('redeem window', ticket.nbf, ticket.exp, last);
  judgeWindow(ticket.nbf, ticket.exp, context.now);
  if (ticket.end * 1000 <= context.now) throw new Refused('LEASE_OVER', { endedAt: isoAt(ticket.end * 1000) });
}
