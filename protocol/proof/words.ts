import type { Word } from '@/core/accountability/word';
import { Refused } from '@/core/errors';
import type { PublicJwk, ReceiptClaims, TicketClaims } from '../statement/schemas';
import { verifyStatement } from '../statement/verify';

/** Receipts after which a ticket holds nothing, for ever. A `refused` one may still be redeemed later. */
const FINAL: ReadonlySet<string> = new Set(['released', 'lapsed', 'burnt']);

/** What a receipt of the node says of an issuer's statements; null when it says nothing that clears. Pure. */
export function wordOf(receipt: ReceiptClaims, node: string, issuer: string): Word | null {
  if (receipt.node !== node) return null;
  if (receipt.kind === 'standing') {
    if (receipt.issuer !== issuer) return null;
    const { asOf, live, ended, revoked } = receipt;
    const until = new Map(revoked.map((one) => [one.jti, one.until]));
    return { kind: 'standing', asOf, live: new Set(live), ended: new Set(ended), revoked: until };
  }
  if (receipt.kind === 'revoked') {
    if (receipt.delegation.iss !== issuer) return null;
    return { kind: 'revoked', jti: receipt.delegation.jti, until: receipt.until };
  }
  if (receipt.ticket.iss !== issuer || !FINAL.has(receipt.kind)) return null;
  return { kind: 'over', jti: receipt.ticket.jti };
}

/**
 * The words of the node that a verified ticket carries. What does not hold under the node's key clears nothing, and is no reason to
 * believe the rest less.
 */
export function wordsOf(ticket: TicketClaims, nodeJwk: PublicJwk): Word[] {
  return (ticket.clears ?? []).flatMap((text) => {
    try {
      return wordOf(verifyStatement('receipt+jwt', text, nodeJwk), ticket.aud, ticket.iss) ?? [];
    } catch (err) {
      if (err instanceof Refused) return [];
      throw err;
    }
  });
}
