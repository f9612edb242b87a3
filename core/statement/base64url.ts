import { Refused } from '../errors';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Above all 24 bits of a group: one character outside the alphabet makes its whole group so. */
const INVALID = 1 << 24;
const VALUE = new Int32Array(128).fill(INVALID);
for (let i = 0; i < 64; i++) VALUE[ALPHABET.charCodeAt(i)] = i;

/**
 * Decodes base64url (RFC 4648 section 5) so that each byte string has exactly one spelling: no padding, no white space,
 * no other alphabet, no set bits after the last byte. Libraries that are laxer let a signed text be altered unnoticed.
 * Throws `STATEMENT_MALFORMED`.
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> {
  const rest = text.length % 4;
  if (rest === 1) throw malformed('a base64url part has an impossible length');
  const whole = text.length - rest;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bad = 0;
  let at = 0;
  for (let i = 0; i < whole; i += 4) {
    const a = valueAt(text, i);
    const b = valueAt(text, i + 1);
    const c = valueAt(text, i + 2);
    const d = valueAt(text, i + 3);
    const group = (a << 18) | (b << 12) | (c << 6) | d;
    bad |= a | b | c | d;
    bytes[at++] = group >> 16;
    bytes[at++] = group >> 8;
    bytes[at++] = group;
  }
  if (rest > 0) {
    const third = rest === 3 ? valueAt(text, whole + 2) : 0;
    bad |= valueAt(text, whole) | valueAt(text, whole + 1) | third;
    const group = (valueAt(text, whole) << 18) | (valueAt(text, whole + 1) << 12) | (third << 6);
    bytes[at++] = group >> 16;
    if (rest === 3) bytes[at++] = group >> 8;
    const beyond = rest === 3 ? 0xff : 0xffff;
    if ((group & beyond) !== 0) throw malformed('a base64url part has bits set after its last byte');
  }
  if (bad >= INVALID) throw malformed('a part holds a character outside base64url');
  return bytes;
}

function valueAt(text: string, i: number): number {
  return VALUE[text.charCodeAt(i)] ?? INVALID; // undefined beyond ASCII
}

/** The canonical base64url text of the bytes, without padding. */
export function encodeBase64url(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += ALPHABET.charAt(group >> 18) + ALPHABET.charAt((group >> 12) & 63);
    if (left > 1) text += ALPHABET.charAt((group >> 6) & 63);
    if (left > 2) text += ALPHABET.charAt(group & 63);
  }
  return text;
}

function malformed(problem: string): Refused {
  return new Refused('STATEMENT_MALFORMED', { problem });
}
