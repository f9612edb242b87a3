import { verify } from 'node:crypto';
import { Refused } from '@/core/errors';
import { type CompactStatement, payloadOf, splitCompact as splitBy } from '@/core/statement/compact';
import { inBatches } from './batches';
import { parseClaims, plainClaims } from './claims';
import { type VerifyKey, verifyKeyFromJwk } from './keys';
import { nativeDecoder } from './native-decoder';
import type { ClaimsOf, PublicJwk, StatementType } from './schemas';

const splitCompact = (type: StatementType, text: string) => splitBy(type, text, nativeDecoder);

/** The key a statement must be signed with: a key, or the JWK that names one. */
export type ExpectedKey = VerifyKey | PublicJwk;

/**
 * Claims of a statement whose signature nobody looked at: good for finding out whose key to fetch, for nothing else.
 */
export type Unverified<T extends StatementType> = {
  readonly unverified: true;
  readonly kid: string;
  readonly claims: ClaimsOf[T];
};

/**
 * The claims of a statement, once its signature under the expected key holds: nothing of the payload is parsed before
 * that. Throws `STATEMENT_TOO_LARGE`, `STATEMENT_MALFORMED`, `WRONG_TYPE`, `UNKNOWN_ISSUER` (signed by another key than
 * expected) and `BAD_SIGNATURE`. Says nothing of time, node or holder: see ticket.ts.
 */
export function verifyStatement<T extends StatementType>(type: T, text: string, expected: ExpectedKey): ClaimsOf[T] {
  const statement = splitCompact(type, text);
  checkSignature(statement, expected);
  return readClaims(type, statement);
}

/** As `verifyStatement`, on libuv's threads: the caller's loop stays free. */
export async function verifyStatementAsync<T extends StatementType>(
  type: T,
  text: string,
  expected: ExpectedKey,
): Promise<ClaimsOf[T]> {
  const statement = splitCompact(type, text);
  await checkSignatureAsync(statement, expected);
  return readClaims(type, statement);
}

/** Verifies many, on all cores, in the order given. The first that is refused fails all. */
export function verifyStatements<T extends StatementType>(
  type: T,
  items: readonly { text: string; expected: ExpectedKey }[],
): Promise<ClaimsOf[T][]> {
  return inBatches(items, (item) => verifyStatementAsync(type, item.text, item.expected));
}

/** What a statement says of itself, decoded as strictly but **not** verified. */
export function decodeUnverified<T extends StatementType>(type: T, text: string): Unverified<T> {
  return openStatement(type, text).unverified;
}

/** Decodes a statement for a look at its issuer; its verified claims come from `verify` alone. */
export function openStatement<T extends StatementType>(type: T, text: string): OpenStatement<T> {
  const statement = splitCompact(type, text);
  return new OpenStatement(statement, readClaims(type, statement));
}

/**
 * A statement decoded once, to be verified when its claims have told where the issuer's key is. What held under a key is not
 * checked again under the same.
 */
export class OpenStatement<T extends StatementType> {
  readonly unverified: Unverified<T>;
  /** A signature that held once under a key holds: the bytes are the same. */
  private provenUnder: string | null = null;

  constructor(
    private readonly statement: CompactStatement,
    private readonly claims: ClaimsOf[T],
  ) {
    this.unverified = { unverified: true, kid: statement.header.kid, claims };
  }

  verify(expected: ExpectedKey): ClaimsOf[T] {
    const key = expectedKey(this.statement, expected);
    if (this.provenUnder !== key.jkt) checkSignature(this.statement, key);
    this.provenUnder = key.jkt;
    return this.claims;
  }

  async verifyAsync(expected: ExpectedKey): Promise<ClaimsOf[T]> {
    const key = expectedKey(this.statement, expected);
    if (this.provenUnder !== key.jkt) await checkSignatureAsync(this.statement, key);
    this.provenUnder = key.jkt;
    return this.claims;
  }
}

function checkSignature(statement: CompactStatement, expected: ExpectedKey): void {
  const key = expectedKey(statement, expected);
  judge(statement, verify(null, Buffer.from(statement.signingInput, 'latin1'), key.publicKey, statement.signature));
}

async function checkSignatureAsync(statement: CompactStatement, expected: ExpectedKey): Promise<void> {
  const key = expectedKey(statement, expected);
  const holds = await new Promise<boolean>((resolve, reject) => {
    const done = (err: Error | null, value: boolean) => (err ? reject(err) : resolve(value));
    verify(null, Buffer.from(statement.signingInput, 'latin1'), key.publicKey, statement.signature, done);
  });
  judge(statement, holds);
}

function expectedKey(statement: CompactStatement, expected: ExpectedKey): VerifyKey {
  const key = 'publicKey' in expected ? expected : verifyKeyFromJwk(expected);
  if (statement.header.kid !== key.jkt) throw new Refused('UNKNOWN_ISSUER', { iss: statement.header.kid });
  return key;
}

function judge(statement: CompactStatement, holds: boolean): void {
  if (!holds) throw new Refused('BAD_SIGNATURE', { kid: statement.header.kid });
}

function readClaims<T extends StatementType>(type: T, statement: CompactStatement): ClaimsOf[T] {
  const claims = plainClaims(type, statement.payloadText) ?? parseClaims(type, payloadOf(statement));
  if (claims.iss !== statement.header.kid) throw new Refused('STATEMENT_MALFORMED', { problem: 'iss is not the kid' });
  return claims;
}
