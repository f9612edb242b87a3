import { Refused } from '@/core/errors';
import { decodeBase64url, encodeBase64url } from '@/core/statement/base64url';
import { payloadOf, splitCompact } from '@/core/statement/compact';
import { isWeakPoint } from '@/core/statement/weak-point';
import { parseClaims } from './claims';
import { type ClaimsOf, type PublicJwk, PublicJwkSchema, type StatementType } from './schemas';

/**
 * Verifying where there is no `node:crypto`: in a browser, by WebCrypto. The decoding, its bounds and its order are those of
 * `verify.ts` (both stand on core/statement and the same schemas); only the arithmetic is another's. web-verify.test.ts holds the
 * two side by side.
 */

const PROBE = new Uint8Array([0x58, ...Array<number>(31).fill(0x66)]); // the base point: a valid key

/** Has this browser Ed25519 in WebCrypto (Chromium 137, Firefox 129, Safari 17)? Also false outside a secure context. */
export async function hasEd25519(): Promise<boolean> {
  try {
    await globalThis.crypto.subtle.importKey('raw', PROBE, 'Ed25519', false, ['verify']);
    return true;
  } catch {
    return false;
  }
}

/** RFC 7638 thumbprint of a public key, by WebCrypto. */
export function webThumbprint(jwk: PublicJwk): Promise<string> {
  return webDigest(`{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`);
}

/** base64url SHA-256 of an ASCII text: how a link names its parent. */
export async function webDigest(text: string): Promise<string> {
  return encodeBase64url(
    new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))),
  );
}

/**
 * As `verifyStatement`: the claims once the signature under the expected key holds. Throws `STATEMENT_TOO_LARGE`,
 * `STATEMENT_MALFORMED`, `WRONG_TYPE`, `UNKNOWN_ISSUER`, `BAD_SIGNATURE`; and what WebCrypto throws where it has no Ed25519
 * (ask `hasEd25519` first).
 */
export async function webVerify<T extends StatementType>(
  type: T,
  text: string,
  expected: PublicJwk,
): Promise<ClaimsOf[T]> {
  const statement = splitCompact(type, text);
  const raw = rawKey(expected);
  const { kid } = statement.header;
  if ((await webThumbprint(expected)) !== kid) throw new Refused('UNKNOWN_ISSUER', { iss: kid });
  const { subtle } = globalThis.crypto;
  const key = await subtle.importKey('raw', raw, 'Ed25519', false, ['verify']);
  const signed = new TextEncoder().encode(statement.signingInput);
  if (!(await subtle.verify('Ed25519', key, statement.signature, signed))) throw new Refused('BAD_SIGNATURE', { kid });
  const claims = parseClaims(type, payloadOf(statement));
  if (claims.iss !== kid) throw new Refused('STATEMENT_MALFORMED', { problem: 'iss is not the kid' });
  return claims;
}

function rawKey(jwk: PublicJwk): Uint8Array<ArrayBuffer> {
  const checked = PublicJwkSchema.safeParse(jwk);
  if (!checked.success) throw new Refused('STATEMENT_MALFORMED', { problem: 'not an Ed25519 public key' });
  const raw = decodeBase64url(checked.data.x);
  if (isWeakPoint(raw)) throw new Refused('STATEMENT_MALFORMED', { problem: 'a public key that nobody can own' });
  return raw;
}
