import type { z } from 'zod';
import { Refused } from '@/core/errors';
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

/** As `parseClaims`, against a schema of some of the claims. */
export function checkClaims<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = issue?.path.map(String).join('.') || 'claims';
  throw new Refused('STATEMENT_MALFORMED', { problem: `${where}: ${issue?.message ?? 'not understood'}` });
}
