import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, type KeyObject, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Refused } from '@/core/errors';
import { isWeakPoint } from '@/core/statement/weak-point';
import { Bounded } from './bounded';
import { nativeDecoder } from './native-decoder';
import { predicateOf } from './predicate';
import { type PublicJwk, PublicJwkSchema } from './schemas';

/** An Ed25519 identity key: made where it is used, never moved. `jkt` is its id, the RFC 7638 thumbprint. */
export type IdentityKey = { privateKey: KeyObject; publicKey: KeyObject; jwk: PublicJwk; jkt: string };

/** What verifying needs of a key. An IdentityKey is one. */
export type VerifyKey = { publicKey: KeyObject; jkt: string };

/** A new identity key. */
export function generateIdentityKey(): IdentityKey {
  return identityKeyFrom(generateKeyPairSync('ed25519').privateKey);
}

/** Reads a PKCS #8 PEM private key. Throws `CERTIFICATE_INVALID` when it is no Ed25519 key. */
export function identityKeyFromPem(pem: string): IdentityKey {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch (cause) {
    throw new Refused('CERTIFICATE_INVALID', { problem: 'the identity key is not a PEM private key' }, { cause });
  }
  return identityKeyFrom(privateKey);
}

/** PKCS #8 PEM of the private key: a secret. */
export function identityKeyToPem(key: IdentityKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/**
 * The identity key in the file; made on first use. The file is 0600, appears whole or not at all (written beside,
 * fsynced, linked, folder fsynced), and of two processes that start at once both get the one key. Refuses a file that
 * others may read.
 */
export async function loadOrMakeIdentityKey(path: string): Promise<IdentityKey> {
  const known = await readIdentityKey(path);
  if (known) return known;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const key = generateIdentityKey();
  const beside = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(identityKeyToPem(key));
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(beside, path); // unlike rename, fails when another process was first
  } catch (err) {
    if (!isCode(err, 'EEXIST')) throw err;
    const first = await readIdentityKey(path);
    if (first) return first;
    throw err;
  } finally {
    await unlink(beside);
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return key;
}

/** RFC 7638 thumbprint of a public key: SHA-256 over its required members in lexical order, base64url. */
export function thumbprint(jwk: PublicJwk): string {
  return hash('sha256', `{"crv":"Ed25519","kty":"OKP","x":"${jwk.x}"}`, 'base64url');
}

/** The JWK of a raw 32-byte public key in base64url, as the database keeps it. */
export function jwkFromRaw(x: string): PublicJwk {
  return { kty: 'OKP', crv: 'Ed25519', x };
}

const isPublicJwk = predicateOf(PublicJwkSchema);
const parsed = new Bounded<string, VerifyKey>(4096);

/**
 * The key that a JWK names, with its thumbprint. Refuses (`STATEMENT_MALFORMED`) what is not the one canonical
 * spelling of a point, and the points of small order, under which signatures can be made without any private key.
 */
export function verifyKeyFromJwk(jwk: PublicJwk): VerifyKey {
  const known = parsed.get(jwk.x);
  if (known) return known;
  if (!isPublicJwk?.(jwk) && !PublicJwkSchema.safeParse(jwk).success)
    throw new Refused('STATEMENT_MALFORMED', { problem: 'not an Ed25519 public key' });
  const raw = nativeDecoder.bytes(jwk.x);
  if (isWeakPoint(raw)) throw new Refused('STATEMENT_MALFORMED', { problem: 'a public key that nobody can own' });
  const key = { publicKey: createPublicKey({ key: jwk, format: 'jwk' }), jkt: thumbprint(jwk) };
  parsed.set(jwk.x, key);
  return key;
}

/** As `verifyKeyFromJwk`, the key alone. */
export function publicKeyFromJwk(jwk: PublicJwk): KeyObject {
  return verifyKeyFromJwk(jwk).publicKey;
}

/** The JWK of an Ed25519 public key (of a certificate, say). Throws `CERTIFICATE_INVALID` for any other kind of key. */
export function jwkFromPublicKey(key: KeyObject): PublicJwk {
  const result = PublicJwkSchema.safeParse(key.asymmetricKeyType === 'ed25519' ? key.export({ format: 'jwk' }) : null);
  if (!result.success) throw new Refused('CERTIFICATE_INVALID', { problem: 'the key is not an Ed25519 key' });
  return result.data;
}

function identityKeyFrom(privateKey: KeyObject): IdentityKey {
  const publicKey = createPublicKey(privateKey);
  const jwk = jwkFromPublicKey(publicKey);
  return { privateKey, publicKey, jwk, jkt: thumbprint(jwk) };
}

async function readIdentityKey(path: string): Promise<IdentityKey | null> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new Refused('CERTIFICATE_INVALID', { problem: `${path} can be read by others; run chmod 600 on it` });
    }
    return identityKeyFromPem(await readFile(path, 'utf8'));
  } catch (err) {
    if (isCode(err, 'ENOENT')) return null;
    throw err;
  }
}

function isCode(err: unknown, code: string): boolean {
  return err instanceof Error && 'code' in err && err.code === code;
}
