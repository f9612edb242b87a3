import { sign } from 'node:crypto';
import { Refused } from '@/core/errors';
import { maxBytesOf } from '@/core/statement/bounds';
import { inBatches } from './batches';
import { Bounded } from './bounded';
import { parseClaims } from './claims';
import type { IdentityKey } from './keys';
import type { ClaimsOf, StatementType } from './schemas';

/** What signing needs of a key. An IdentityKey is one. */
export type SigningKey = Pick<IdentityKey, 'privateKey' | 'jkt'>;

/**
 * Signs claims as a compact JWS. The claims must fit their type's schema and name this key as `iss`; what would be
 * refused by every reader is refused here: `STATEMENT_MALFORMED`, `STATEMENT_TOO_LARGE`. Ed25519 is deterministic:
 * same claims, same text.
 */
export function signStatement<T extends StatementType>(type: T, claims: ClaimsOf[T], key: SigningKey): string {
  const input = signingInput(type, claims, key);
  return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
}

/** As `signStatement`, on libuv's threads: the caller's loop stays free. */
export async function signStatementAsync<T extends StatementType>(
  type: T,
  claims: ClaimsOf[T],
  key: SigningKey,
): Promise<string> {
  return await signInput(signingInput(type, claims, key), key);
}

/** Signs what `inputOf` gave, on libuv's threads. */
export function signInput(input: string, key: SigningKey): Promise<string> {
  return new Promise((resolve, reject) => {
    sign(null, Buffer.from(input, 'latin1'), key.privateKey, (err, signature) =>
      err ? reject(err) : resolve(`${input}.${signature.toString('base64url')}`),
    );
  });
}

/** Signs many, on all cores, with a bound on what is in flight. In the order of the claims; one bad one fails all. */
export function signStatements<T extends StatementType>(
  type: T,
  claims: readonly ClaimsOf[T][],
  key: SigningKey,
): Promise<string[]> {
  return inBatches(claims, (one) => signStatementAsync(type, one, key));
}

const headers = new Bounded<string, string>(64);

function signingInput<T extends StatementType>(type: T, claims: ClaimsOf[T], key: SigningKey): string {
  const checked = parseClaims(type, claims);
  return inputOf(type, Buffer.from(wellFormedJson(checked)).toString('base64url'), checked.iss, key);
}

/** What is signed: header and payload, which the caller has checked and encoded. `iss`: as in it. Throws as `signStatement`. */
export function inputOf(type: StatementType, payload: string, iss: string, key: SigningKey): string {
  if (iss !== key.jkt) throw new Refused('STATEMENT_MALFORMED', { problem: 'iss is not the signing key' });
  const input = `${header(type, key.jkt)}.${payload}`;
  const bytes = input.length + 87; // the dot and the 86 characters of the signature
  const max = maxBytesOf(type);
  if (bytes > max) throw new Refused('STATEMENT_TOO_LARGE', { bytes, max });
  return input;
}

/** Claims as JSON. Lone surrogates (a text cut in two by somebody) become U+FFFD, as in UTF-8; readers refuse their escapes. */
export function wellFormedJson(claims: object): string {
  const json = JSON.stringify(claims);
  return json.includes('\\ud')
    ? JSON.stringify(claims, (_, v) => (typeof v === 'string' ? v.toWellFormed() : v))
    : json;
}

function header(type: StatementType, kid: string): string {
  const id = `${type} ${kid}`;
  const known = headers.get(id);
  if (known) return known;
  const made = Buffer.from(JSON.stringify({ alg: 'EdDSA', typ: type, kid })).toString('base64url');
  headers.set(id, made);
  return made;
}
