import { judgeNames } from '@/core/trust/names';
import { judgeTicket } from '@/core/trust/ticket';
import {
  type DelegationContext,
  heldOrNot,
  lastOf,
  openChain,
  proveLinks,
  type SeenLink,
  type VerifiedLink,
  verifyLinks,
} from './delegation';
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
  return verifyUnder(openChain(ticket.unverified.claims.chain), ticket, context);
}

/**
 * Checks a decoded ticket's signatures on libuv's threads, ahead of the turn that decides: `verifyOpenTicket` then needs not wait for
 * them. Says nothing of whether they hold; that turn does.
 */
export async function proveAhead(
  ticket: OpenStatement<'ticket+jwt'>,
  context: Pick<TicketVerifyContext, 'nodeJwk'>,
): Promise<void> {
  await heldOrNot(Promise.resolve().then(() => prove(openChain(ticket.unverified.claims.chain), ticket, context)));
}

/** As `verifyTicket`, all signatures checked at once on libuv's threads. */
export async function verifyTicketAsync(text: string, context: TicketVerifyContext): Promise<VerifiedTicket> {
  const ticket = openStatement('ticket+jwt', text);
  const links = openChain(ticket.unverified.claims.chain);
  await prove(links, ticket, context);
  return verifyUnder(links, ticket, context);
}

type OpenTicket = OpenStatement<'ticket+jwt'>;

/** The ticket carries its chain, unverified; each link, and the ticket, names its signer's key only once all before it hold. */
async function prove(
  links: readonly SeenLink[],
  ticket: OpenTicket,
  { nodeJwk }: Pick<TicketVerifyContext, 'nodeJwk'>,
): Promise<void> {
  const issuer = links.at(-1)?.open.unverified.claims.grantee;
  const proofs = [proveLinks(links, nodeJwk)];
  if (issuer) proofs.push(heldOrNot(ticket.verifyAsync(issuer)));
  await Promise.all(proofs);
}

function verifyUnder(links: readonly SeenLink[], ticket: OpenTicket, context: TicketVerifyContext): VerifiedTicket {
  const chain = verifyLinks(links, context.nodeJwk);
  const claims = ticket.verify(lastOf(chain).claims.grantee);
  judgeTicket(claims, chain, { ...context, nodeJkt: verifyKeyFromJwk(context.nodeJwk).jkt });
  judgeNames(claims, chain[chain.length - 1]?.claims.granteeUrn ?? '');
  return { claims, chain };
}
