import type { z } from 'zod';
import { inBatches } from './batches';
import { checkClaims } from './claims';
import { TicketClaims } from './schemas';
import { type SigningKey, signJson, wellFormedJson } from './sign';

const Own = TicketClaims.pick({ jti: true, aud: true, nbf: true, exp: true, delegation: true });
const Shared = TicketClaims.omit({ jti: true, aud: true, nbf: true, exp: true, delegation: true });

/** What all tickets of a request say alike, and what each says for itself. Together: TicketClaims. */
export type SharedTicketClaims = z.infer<typeof Shared>;
export type OwnTicketClaims = z.infer<typeof Own>;

/**
 * Signs a request's tickets on all cores, in the order given. As `signStatements`, but what they share is checked and written
 * as JSON once. Refuses what that refuses (`STATEMENT_MALFORMED`, `STATEMENT_TOO_LARGE`).
 */
export function signTickets(
  shared: SharedTicketClaims,
  own: readonly OwnTicketClaims[],
  key: SigningKey,
): Promise<string[]> {
  const start = wellFormedJson(checkClaims(Shared, shared)).slice(0, -1);
  return inBatches(own, (claims) =>
    signJson('ticket+jwt', `${start},${wellFormedJson(checkClaims(Own, claims)).slice(1)}`, shared.iss, key),
  );
}
