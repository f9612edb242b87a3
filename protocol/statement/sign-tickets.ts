import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { inBatches } from './batches';
import { checkClaims } from './claims';
import { predicateOf } from './predicate';
import { TicketClaims } from './schemas';
import { inputOf, type SigningKey, signInput, wellFormedJson } from './sign';
import { signInputs } from './sign-pool';

/** From so many on, threads of our own sign. */
const FOR_THREADS = 64;

const Own = TicketClaims.pick({ jti: true, aud: true, nbf: true, exp: true, replaces: true, clears: true });
const isOwn = predicateOf(Own);
const Chain = TicketClaims.pick({ chain: true });
const Shared = TicketClaims.omit({
  jti: true,
  aud: true,
  nbf: true,
  exp: true,
  replaces: true,
  clears: true,
  chain: true,
});

/** What all tickets of a request say alike, and what each says for itself. Together: TicketClaims. */
export type SharedTicketClaims = z.infer<typeof Shared>;
export type OwnTicketClaims = z.infer<typeof Own> & { chain: readonly string[] };

/**
 * Signs a request's tickets on all cores, in the order given. As `signStatements`, but what they share is checked and written
 * as JSON once, and their chains, most of each ticket, are encoded once for each list and kept as long as the list lives. Refuses what
 * that refuses (`STATEMENT_MALFORMED`, `STATEMENT_TOO_LARGE`, `CHAIN_TOO_DEEP`).
 */
export async function signTickets(
  shared: SharedTicketClaims,
  own: readonly OwnTicketClaims[],
  key: SigningKey,
): Promise<string[]> {
  const alike = wellFormedJson(checkClaims(Shared, shared)).slice(1, -1);
  const inputs = own.map(({ chain, jti, aud, nbf, exp, replaces, clears }) => {
    const { encoded, rest } = openingOf(chain);
    const renewal = replaces === undefined ? {} : { replaces };
    const cleared = clears === undefined ? {} : { clears };
    const claims = { jti, aud, nbf, exp, ...renewal, ...cleared };
    if (!isOwn?.(claims)) checkClaims(Own, claims);
    const tail = `${rest},${alike},${wellFormedJson(claims).slice(1)}`;
    return inputOf('ticket+jwt', encoded + Buffer.from(tail).toString('base64url'), shared.iss, key);
  });
  if (inputs.length >= FOR_THREADS) return await signInputs(inputs, key);
  return await inBatches(inputs, (input) => signInput(input, key));
}

/** The opening of a payload whose first member is the chain: whole groups of three bytes as base64url, and the bytes after. */
type Opening = { encoded: string; rest: string };
/** By the list itself, which must not change: who issues from a delegation keeps its chain as one list. */
const openings = new WeakMap<readonly string[], Opening>();

function openingOf(chain: readonly string[]): Opening {
  const known = openings.get(chain);
  if (known) return known;
  const json = JSON.stringify(checkClaims(Chain, { chain })).slice(0, -1);
  const whole = json.length - (json.length % 3);
  const bytes = Buffer.from(json.slice(0, whole));
  // Delegations are ASCII, as every statement: their characters are their bytes.
  if (bytes.length !== whole) throw new Refused('STATEMENT_MALFORMED', { problem: 'chain: not statements' });
  const opening = { encoded: bytes.toString('base64url'), rest: json.slice(whole) };
  openings.set(chain, opening);
  return opening;
}
