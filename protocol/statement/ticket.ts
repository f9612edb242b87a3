import { Refused } from '@/core/errors';
import { judgeNames } from '@/core/trust/names';
import { judgeTicket } from '@/core/trust/ticket';
import { type DelegationContext, lastOf, type VerifiedLink, verifyChain } from './delegation';
import { verifyKeyFromJwk } from './keys';
import type { TicketClaims } from './schemas';
import { type OpenStatement, openStatement } from './verify';

/**
 * What a ticket is verified against. `holderJkt` is the key that the presenter proved in TLS; `now` is epoch
 * milliseconds.
 */
export type TicketVerifyContext = Omit<DelegationContext, 'granteeJkt'> & { holderJkt: string };

/** A ticket that holds, with its delegation chain, root first: what the node charges the lease to. */
export type VerifiedTicket = { claims: TicketClaims; chain: VerifiedLink[] };

/**
 * Verifies a ticket for the node in the context: every signature from the node's own key down to the ticket, then every
 * rule of `judgeTicket`. Redemption, burning and room are not judged here.
 */
export function verifyTicket(text: string, context: TicketVerifyContext): VerifiedTicket {
  return verifyOpenTicket(openStatement('ticket+jwt', text), context);
}

/** As `verifyTicket`, of a ticket that was decoded already. */
export function verifyOpenTicket(ticket: OpenStatement<'ticket+jwt'>, context: TicketVerifyContext): VerifiedTicket {
  const { chain, issuer } = chainOf(ticket, context);
  return judged(ticket.verify(issuer), chain, context);
}

/**
 * Checks a decoded ticket's signatures on libuv's threads, ahead of the turn that decides: `verifyOpenTicket` then needs not wait for
 * them. Says nothing of whether they hold; that turn does.
 */
export async function proveAhead(
  ticket: OpenStatement<'ticket+jwt'>,
  context: Pick<TicketVerifyContext, 'nodeJwk'>,
): Promise<void> {
  try {
    await ticket.verifyAsync(chainOf(ticket, context).issuer);
  } catch (err) {
    if (!(err instanceof Refused)) throw err;
  }
}

/** As `verifyTicket`, the ticket's own signature checked on libuv's threads. */
export async function verifyTicketAsync(text: string, context: TicketVerifyContext): Promise<VerifiedTicket> {
  const ticket = openStatement('ticket+jwt', text);
  const { chain, issuer } = chainOf(ticket, context);
  return judged(await ticket.verifyAsync(issuer), chain, context);
}

/**
 * The ticket carries its chain, unverified; the chain is verified from the node's own key, and gives the issuer's.
 */
function chainOf(ticket: OpenStatement<'ticket+jwt'>, context: Pick<TicketVerifyContext, 'nodeJwk'>) {
  const chain = verifyChain(ticket.unverified.claims.chain, context.nodeJwk);
  return { chain, issuer: lastOf(chain).claims.grantee };
}

function judged(claims: TicketClaims, chain: VerifiedLink[], context: TicketVerifyContext): VerifiedTicket {
  judgeTicket(claims, chain, { ...context, nodeJkt: verifyKeyFromJwk(context.nodeJwk).jkt });
  judgeNames(claims, chain[chain.length - 1]?.claims.granteeUrn ?? '');
  return { claims, chain };
}
