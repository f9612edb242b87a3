import { verify } from 'node:crypto';
import { Refused } from '@/core/errors';
import { type CompactStatement, payloadOf, splitCompact } from '@/core/statement/compact';
import { inBatches } from './batches';
import { parseClaims } from './claims';
import { type VerifyKey, verifyKeyFromJwk } from './keys';
import type { ClaimsOf, PublicJwk, StatementType } from './schemas';

/** The key a statement must be signed with: a key, or the JWK that names one. */
export type ExpectedKey = VerifyKey | PublicJwk;

/** Claims of a statement whose signature nobody looked at: good for finding out whose key to fetch, for nothing else. */
export type Unverified<T extends StatementType> = { readonly unverified: true; readonly kid: string; readonly claims: ClaimsOf[T] };

/**
 * The claims of a statement, once its signature under the expected key holds: nothing of the payload is parsed before that.
 * Throws `STATEMENT_TOO_LARGE`, `STATEMENT_MALFORMED`, `WRONG_TYPE`, `UNKNOWN_ISSUER` (signed by another key than expected)
 * and `BAD_SIGNATURE`. Says nothing of time, node or holder: see ticket.ts.
 */
export function verifyStatement<T extends StatementType>(type: T, text: string, expected: ExpectedKey): ClaimsOf[T] {
  const key = keyOf(expected);
  const statement = splitFor(type, text, key);
  const holds = verify(null, Buffer.from(statement.signingInput), key.publicKey, statement.signature);
  return claimsOf(type, statement, holds);
}

/** As `verifyStatement`, on libuv's threads: the caller's loop stays free. */
export async function verifyStatementAsync<T extends StatementType>(type: T, text: string, expected: ExpectedKey): Promise<ClaimsOf[T]> {
  const key = keyOf(expected);
  const statement = splitFor(type, text, key);
  const holds = await new Promise<boolean>((resolve, reject) => {
    verify(null, Buffer.from(statement.signingInput), key.publicKey, statement.signature, (err, value) => (err ? reject(err) : resolve(value)));
  });
  return claimsOf(type, statement, holds);
}

/** Verifies many, on all cores, in the order given. The first that is refused fails all. */
export function verifyStatements<T extends StatementType>(type: T, items: readonly { text: string; expected: ExpectedKey }[]): Promise<ClaimsOf[T][]> {
  return inBatches(items, (item) => verifyStatementAsync(type, item.text, item.expected));
}

/** What a statement says of itself, decoded as strictly but **not** verified. */
export function decodeUnverified<T extends StatementType>(type: T, text: string): Unverified<T> {
  const statement = splitCompact(type, text);
  return { unverified: true, kid: statement.header.kid, claims: readClaims(type, statement) };
}

function keyOf(expected: ExpectedKey): VerifyKey {
  return 'publicKey' in expected ? expected : verifyKeyFromJwk(expected);
}

function splitFor(type: StatementType, text: string, key: VerifyKey): CompactStatement {
  const statement = splitCompact(type, text);
  if (statement.header.kid !== key.jkt) throw new Refused('UNKNOWN_ISSUER', { iss: statement.header.kid });
  return statement;
}

function claimsOf<T extends StatementType>(type: T, statement: CompactStatement, holds: boolean): ClaimsOf[T] {
  if (!holds) throw new Refused('BAD_SIGNATURE', { kid: statement.header.kid });
  return readClaims(type, statement);
}

function readClaims<T extends StatementType>(type: T, statement: CompactStatement): ClaimsOf[T] {
  const claims = parseClaims(type, payloadOf(statement));
  if (claims.iss !== statement.header.kid) throw new Refused('STATEMENT_MALFORMED', { problem: 'iss is not the kid' });
  return claims;
}
