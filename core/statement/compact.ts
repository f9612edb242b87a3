import { Refused } from '../errors';
import { decodeBase64url, encodeBase64url } from './base64url';
import { maxBytesOf } from './bounds';
import { type Json, parseStrictJson } from './strict-json';

/** The only header a statement may have; `kid` is the RFC 7638 thumbprint of the signing key. */
export type StatementHeader = { alg: 'EdDSA'; typ: string; kid: string };

/** A compact JWS taken apart. Nothing in it is believed yet: the signature was not looked at. */
export type CompactStatement = {
  header: StatementHeader;
  /** The ASCII text that was signed: the first two parts with their dot (RFC 7515 section 5.1). */
  signingInput: string;
  signature: Uint8Array<ArrayBuffer>;
  /** The JSON of the payload; parse it with `payloadOf` once the signature holds. */
  payloadText: string;
};

/** Decodes base64url as strictly as `decodeBase64url`; `text` also UTF-8, where every byte has to be right. Both throw `STATEMENT_MALFORMED`. */
export type Decoder = { bytes(part: string): Uint8Array<ArrayBuffer>; text(part: string): string };

/** In plain JavaScript, for every platform; a program with a faster one gives its own. */
export const portableDecoder: Decoder = { bytes: decodeBase64url, text: decodeText };

const SIGNATURE_CHARS = 86; // 64 bytes
const KID = /^[A-Za-z0-9_-]{43}$/;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Takes a compact JWS apart, strictly: size before parsing, exactly three parts, canonical base64url, the header
 * exactly `{alg: "EdDSA", typ, kid}`. So `none`, other algorithms, `crit`, `b64`, `jwk` and all other headers are
 * refused, not ignored. Throws `STATEMENT_TOO_LARGE`, `STATEMENT_MALFORMED`, `WRONG_TYPE`.
 */
export function splitCompact(type: string, text: string, decoder: Decoder = portableDecoder): CompactStatement {
  const max = maxBytesOf(type);
  if (text.length > max) throw new Refused('STATEMENT_TOO_LARGE', { bytes: text.length, max });
  const first = text.indexOf('.');
  const second = text.indexOf('.', first + 1);
  if (first < 1 || second <= first + 1 || text.includes('.', second + 1)) throw malformed('not three parts');
  if (text.length - second - 1 !== SIGNATURE_CHARS) throw malformed('the signature is not 64 bytes');
  const header = readHeader(text.slice(0, first), decoder);
  if (header.typ !== type) throw new Refused('WRONG_TYPE', { expected: type, got: header.typ.slice(0, 64) });
  return {
    header,
    signingInput: text.slice(0, second),
    signature: decoder.bytes(text.slice(second + 1)),
    payloadText: decoder.text(text.slice(first + 1, second)),
  };
}

/** The payload's members. Call it after the signature was checked, unless the caller says `unverified` aloud. */
export function payloadOf(statement: CompactStatement): { [name: string]: Json } {
  const value = parseStrictJson(statement.payloadText);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('the payload is no object');
  return value;
}

/** The first part of a statement: one spelling only, so that equal statements have equal texts. */
export function encodeHeader(typ: string, kid: string): string {
  return encodeText(JSON.stringify({ alg: 'EdDSA', typ, kid }));
}

/** base64url of the text's UTF-8. */
export function encodeText(text: string): string {
  return encodeBase64url(new TextEncoder().encode(text));
}

function decodeText(part: string): string {
  const bytes = decodeBase64url(part);
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Refused('STATEMENT_MALFORMED', { problem: 'a part is not UTF-8' }, { cause });
  }
}

/** Headers read before, by their text: there is one for each type and key. */
const headers = new Map<string, StatementHeader>();
const MAX_HEADERS = 1024;

/** As our programs write it; what is written otherwise is read member by member. */
const PLAIN_HEADER = /^\{"alg":"EdDSA","typ":"([a-z+]{1,32})","kid":"([A-Za-z0-9_-]{43})"\}$/;

function readHeader(part: string, decoder: Decoder): StatementHeader {
  const known = headers.get(part);
  if (known) return known;
  const text = decoder.text(part);
  const [, typ, kid] = PLAIN_HEADER.exec(text) ?? [];
  const header: StatementHeader = typ && kid ? { alg: 'EdDSA', typ, kid } : parseHeader(text);
  if (headers.size >= MAX_HEADERS) headers.clear();
  headers.set(part, header);
  return header;
}

function parseHeader(text: string): StatementHeader {
  const value = parseStrictJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('the header is no object');
  if (value.alg !== 'EdDSA') throw malformed('the header names another algorithm than EdDSA');
  if (typeof value.typ !== 'string') throw malformed('the header has no typ');
  if (typeof value.kid !== 'string' || !KID.test(value.kid)) throw malformed('the header has no key thumbprint as kid');
  if (Object.keys(value).length !== 3) throw malformed('the header has members beside alg, typ and kid');
  return { alg: 'EdDSA', typ: value.typ, kid: value.kid };
}

function malformed(problem: string): Refused {
  return new Refused('STATEMENT_MALFORMED', { problem });
}
