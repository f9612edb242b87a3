import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { MAX_CHAIN_LINKS } from '@/core/statement/bounds';
import { predicateOf } from './predicate';
import {
  type ClaimsOf,
  DelegationClaims,
  LeaseClaims,
  ReceiptClaims,
  type StatementType,
  TicketClaims,
} from './schemas';

const SCHEMAS = {
  'delegation+jwt': DelegationClaims,
  'ticket+jwt': TicketClaims,
  'lease+jwt': LeaseClaims,
  'receipt+jwt': ReceiptClaims,
} as const;

const PREDICATES = {
  'delegation+jwt': predicateOf(DelegationClaims),
  'ticket+jwt': predicateOf(TicketClaims),
  'lease+jwt': predicateOf(LeaseClaims),
  'receipt+jwt': predicateOf(ReceiptClaims),
} as const;

/**
 * The claims in a payload's text when that is written as our own programs write it, and says what its type may say: most are, and this
 * takes a third of the time. Null for any other, of which the strict reader and `parseClaims` decide. Equal to what those give.
 */
export function plainClaims<T extends StatementType>(type: T, text: string): ClaimsOf[T] | null {
  const fits = PREDICATES[type];
  if (!fits || text.includes('\\ud')) return null; // half a surrogate pair comes back as it was
  try {
    const value: unknown = JSON.parse(text);
    // A member twice, white space, or another spelling of a number does not come back as it was.
    return fits(value) && JSON.stringify(value) === text ? (value as ClaimsOf[T]) : null;
  } catch {
    return null;
  }
}

/** Checks a payload against its type's schema. Throws `STATEMENT_MALFORMED`, naming the first claim that is wrong. */
export function parseClaims<T extends StatementType>(type: T, value: unknown): ClaimsOf[T] {
  // Said yes to by the schema's own rules; the table again maps each type to its claims.
  if (PREDICATES[type]?.(value)) return value as ClaimsOf[T];
  // The table maps each type to the schema of its claims; TypeScript does not follow that through the index.
  return checkClaims(SCHEMAS[type], value) as ClaimsOf[T];
}

/** As `parseClaims`, against a schema of some of the claims. Also throws `CHAIN_TOO_DEEP`. */
export function checkClaims<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue?.path.map(String).join('.') || 'claims';
  if (where === 'chain') judgeChainClaim(value);
  throw new Refused('STATEMENT_MALFORMED', { problem: `${where}: ${issue?.message ?? 'not understood'}` });
}

/** Says of a chain what a person can act on: that it is too long, or that the ticket is of before there were chains. */
function judgeChainClaim(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if ('chain' in value && Array.isArray(value.chain) && value.chain.length > MAX_CHAIN_LINKS)
    throw new Refused('CHAIN_TOO_DEEP', { depth: value.chain.length, max: MAX_CHAIN_LINKS });
  if ('delegation' in value)
    throw new Refused('STATEMENT_MALFORMED', {
      problem: 'a ticket of an older version, with one delegation in place of a chain',
    });
}
