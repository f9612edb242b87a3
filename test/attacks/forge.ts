import { type KeyObject, sign } from 'node:crypto';
import type { IdentityKey } from '@/protocol/statement/keys';

/** base64url of a text, of bytes, or of a value's JSON. */
export const part = (value: unknown) => {
  const bytes = typeof value === 'string' || value instanceof Uint8Array ? value : JSON.stringify(value);
  return Buffer.from(bytes).toString('base64url');
};

/** A compact JWS of whatever header and payload (text, or a value), with whatever signature is made of its signing input. */
export function sealed(header: unknown, payload: unknown, signature: (input: string) => Uint8Array): string {
  const input = `${part(header)}.${part(payload)}`;
  return `${input}.${part(signature(input))}`;
}

/** Signs as Ed25519 does. */
export const ed25519 = (key: KeyObject) => (input: string) => sign(null, Buffer.from(input), key);

/** As our own programs sign, but of any payload: what a key's owner may send who keeps to no schema. */
export function signedAs(type: string, payload: unknown, by: IdentityKey): string {
  return sealed({ alg: 'EdDSA', typ: type, kid: by.jkt }, payload, ed25519(by.privateKey));
}

/** The JSON of a statement's payload. */
export function payloadOf(text: string): string {
  return Buffer.from(text.split('.')[1] ?? '', 'base64url').toString('utf8');
}

/** The order of Ed25519's base point, little-endian in the second half of a signature. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The same signature with S + L, which is the same number to who does not look (RFC 8032 section 5.1.7). */
export function malleated(text: string): string {
  const at = text.lastIndexOf('.') + 1;
  const signature = Buffer.from(text.slice(at), 'base64url');
  let s = 0n;
  for (const byte of signature.subarray(32).toReversed()) s = (s << 8n) | BigInt(byte);
  s += L;
  for (let i = 32; i < 64; i++, s >>= 8n) signature[i] = Number(s & 0xffn);
  return text.slice(0, at) + signature.toString('base64url');
}

/** R = the neutral element, S = 0: holds for any message under a key that is the neutral element, and for some under others of small order. */
export const WEAK_SIGNATURE = Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]);

/** Every spelling of a point of small order, and of points with a second spelling (RFC 8032 section 5.1.3), in hex. */
export const WEAK_POINTS: [what: string, hex: string][] = [
  ['order 1', `01${'00'.repeat(31)}`],
  ['order 1, with a sign', `01${'00'.repeat(30)}80`],
  ['order 2', `ec${'ff'.repeat(30)}7f`],
  ['order 2, with a sign', `ec${'ff'.repeat(31)}`],
  ['order 4', '00'.repeat(32)],
  ['order 4, the other', `${'00'.repeat(31)}80`],
  ['order 8', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
  ['order 8, the second', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85'],
  ['order 8, the third', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
  ['order 8, the fourth', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
  ['y = p', `ed${'ff'.repeat(30)}7f`],
  ['y = p + 1', `ee${'ff'.repeat(30)}7f`],
  ['y = p + 1, with a sign', `ee${'ff'.repeat(31)}`],
  ['y = p + 4', `f1${'ff'.repeat(30)}7f`],
  ['y = 2^255 - 1', 'ff'.repeat(32)],
];
