import { Refused } from '@/core/errors';
import { judgeIncarnation, judgeRights, judgeTerm } from '@/core/trust/chain';
import type { LeaseClaims, PublicJwk, TicketClaims, TicketReceiptClaims } from './schemas';
import { verifyStatement } from './verify';

/** Whose statement it has to be. `incarnation` null: not known, any. */
export type NodeContext = { nodeUrn: string; nodeJwk: PublicJwk; incarnation: string | null };

/**
 * Verifies a lease as the node's own. With the ticket it was given for (verified, or issued by the caller), also that
 * it is that ticket's lease: same slice, principal and holder, amounts and term (grace included) inside the ticket's.
 * Says nothing of time. Throws what `verifyStatement` throws, `WRONG_NODE`, `WRONG_INCARNATION`, `WRONG_HOLDER`,
 * `EXCEEDS_PARENT`, `STATEMENT_MALFORMED`.
 */
export function verifyLease(text: string, context: NodeContext & { ticket?: TicketClaims }): LeaseClaims {
  const lease = verifyStatement('lease+jwt', text, context.nodeJwk);
  judgeOrigin(lease, context);
  if (lease.start >= lease.end)
    throw new Refused('STATEMENT_MALFORMED', { problem: 'a lease that ends before it starts' });
  if (context.ticket) judgeLease(lease, context.ticket);
  return lease;
}

/**
 * Is the lease what the ticket promised, and no more? Pure. Throws `WRONG_HOLDER`, `EXCEEDS_PARENT`,
 * `STATEMENT_MALFORMED`.
 */
export function judgeLease(lease: LeaseClaims, ticket: TicketClaims): void {
  const same = (what: string, got: string, expected: string) => {
    if (got !== expected)
      throw new Refused('STATEMENT_MALFORMED', { problem: `the lease’s ${what} is not the ticket’s` });
  };
  same('ticket', `${lease.ticket.iss}/${lease.ticket.jti}`, `${ticket.iss}/${ticket.jti}`);
  same('node', lease.node, ticket.aud);
  same('slice', lease.slice, ticket.slice);
  same('principal', lease.sub, ticket.sub);
  same('image', lease.resources.image, ticket.resources.image);
  same('profile', lease.resources.profile, ticket.resources.profile);
  if (lease.cnf.jkt !== ticket.cnf.jkt)
    throw new Refused('WRONG_HOLDER', { expected: ticket.cnf.jkt, got: lease.cnf.jkt });
  judgeRights(lease.resources, ticket.resources);
  judgeTerm('lease term', lease.start, lease.end, { nbf: ticket.start, exp: ticket.end });
  judgeTerm('grace', lease.start, lease.end + lease.graceSeconds, {
    nbf: ticket.start,
    exp: ticket.end + ticket.graceSeconds,
  });
}

/**
 * Verifies a receipt as the node's own word on one ticket and, when `ticket` is given, on that one: what an agent needs
 * before it reissues. Throws as `verifyLease`.
 */
export function verifyReceipt(
  text: string,
  context: NodeContext & { ticket?: { iss: string; jti: string } },
): TicketReceiptClaims {
  const receipt = verifyStatement('receipt+jwt', text, context.nodeJwk);
  judgeOrigin(receipt, context);
  const { ticket } = context;
  if (!('ticket' in receipt))
    throw new Refused('STATEMENT_MALFORMED', {
      problem: `the receipt is of kind ${receipt.kind}, on no single ticket`,
    });
  if (ticket && (receipt.ticket.iss !== ticket.iss || receipt.ticket.jti !== ticket.jti)) {
    throw new Refused('STATEMENT_MALFORMED', { problem: 'the receipt is for another ticket' });
  }
  return receipt;
}

function judgeOrigin(claims: { node: string; incarnation: string }, context: NodeContext): void {
  if (claims.node !== context.nodeUrn) throw new Refused('WRONG_NODE', { expected: context.nodeUrn, got: claims.node });
  judgeIncarnation(claims.incarnation, context.incarnation);
}
