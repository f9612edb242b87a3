import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { inBatches } from './batches';
import { Bounded } from './bounded';
import { checkClaims } from './claims';
import { TicketClaims } from './schemas';
import { type SigningKey, signPayload, wellFormedJson } from './sign';

const Own = TicketClaims.pick({ jti: true, aud: true, nbf: true, exp: true, replaces: true });
const Delegation = TicketClaims.pick({ delegation: true });
const Shared = TicketClaims.omit({ jti: true, aud: true, nbf: true, exp: true, replaces: true, delegation: true });

/** What all tickets of a request say alike, and what each says for itself. Together: TicketClaims. */
export type SharedTicketClaims = z.infer<typeof Shared>;
export type OwnTicketClaims = z.infer<typeof Own> & z.infer<typeof Delegation>;

/**
 * Signs a request's tickets on all cores, in the order given. As `signStatements`, but what they share is checked and written
 * as JSON once, and their delegations, two thirds of each ticket, are encoded once and kept. Refuses what that refuses
 * (`STATEMENT_MALFORMED`, `STATEMENT_TOO_LARGE`).
 */
export async function signTickets(
  shared: SharedTicketClaims,
  own: readonly OwnTicketClaims[],
  key: SigningKey,
): Promise<string[]> {
  const alike = wellFormedJson(checkClaims(Shared, shared)).slice(1, -1);
  return await inBatches(own, ({ delegation, jti, aud, nbf, exp, replaces }) => {
    const { encoded, rest } = openingOf(delegation);
    const renewal = replaces === undefined ? {} : { replaces };
    const tail = `${rest},${alike},${wellFormedJson(checkClaims(Own, { jti, aud, nbf, exp, ...renewal })).slice(1)}`;
    return signPayload('ticket+jwt', encoded + Buffer.from(tail).toString('base64url'), shared.iss, key);
  });
}

/** The opening of a payload whose first member is the delegation: whole groups of three bytes as base64url, and the bytes after. */
type Opening = { encoded: string; rest: string };
const openings = new Bounded<string, Opening>(16_384);

function openingOf(delegation: string): Opening {
  const known = openings.get(delegation);
  if (known) return known;
  const json = JSON.stringify(checkClaims(Delegation, { delegation })).slice(0, -1);
  const whole = json.length - (json.length % 3);
  const bytes = Buffer.from(json.slice(0, whole));
  // A delegation is ASCII, as every statement: its characters are its bytes.
  if (bytes.length !== whole) throw new Refused('STATEMENT_MALFORMED', { problem: 'delegation: not a statement' });
  const opening = { encoded: bytes.toString('base64url'), rest: json.slice(whole) };
  openings.set(delegation, opening);
  return opening;
}
