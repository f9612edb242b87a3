import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { MAX_CHAIN_LINKS } from '@/core/statement/bounds';
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

/** Checks a payload against its type's schema. Throws `STATEMENT_MALFORMED`, naming the first claim that is wrong. */
export function parseClaims<T extends StatementType>(type: T, value: unknown): ClaimsOf[T] {
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
