import { createHmac, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { MAX_STATEMENT_BYTES } from '@/core/statement/bounds';
import { generateIdentityKey } from '@/protocol/statement/keys';
import { STATEMENT_TYPES } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import { type Attack, type AttackGroup, world as w } from './attack';
import { ed25519, malleated, part, payloadOf, sealed, signedAs, WEAK_SIGNATURE } from './forge';

const { agent, node } = w.keys;
const text = w.ticket();
const payload = payloadOf(text);
const header = { alg: 'EdDSA', typ: 'ticket+jwt', kid: agent.jkt };
const rawKey = Buffer.from(agent.jwk.x, 'base64url');
const pem = agent.publicKey.export({ type: 'spki', format: 'pem' });
const hmac = (hash: string, secret: Buffer | string) => (input: string) =>
  createHmac(hash, secret).update(input).digest();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const ed448 = createPrivateKey(generateKeyPairSync('ed448').privateKey.export({ type: 'pkcs8', format: 'pem' }));
const good = ed25519(agent.privateKey);

const malformed = (name: string, says: RegExp, make: () => string): Attack => ({
  name,
  make,
  says,
  code: 'STATEMENT_MALFORMED',
});
const badHeader = (name: string, made: unknown, says = /header/) =>
  malformed(name, says, () => sealed(made, payload, good));

const algorithms: Attack[] = [
  malformed('HS256 with the raw public key as secret', /64 bytes/, () =>
    sealed({ ...header, alg: 'HS256' }, payload, hmac('sha256', rawKey)),
  ),
  malformed('HS256 with the public key’s PEM as secret', /64 bytes/, () =>
    sealed({ ...header, alg: 'HS256' }, payload, hmac('sha256', pem)),
  ),
  malformed('HS512 with the raw public key as secret', /another algorithm/, () =>
    sealed({ ...header, alg: 'HS512' }, payload, hmac('sha512', rawKey)),
  ),
  malformed('RS256 by a key of the sender', /64 bytes/, () =>
    sealed({ ...header, alg: 'RS256' }, payload, (input) => sign('sha256', Buffer.from(input), rsa)),
  ),
  malformed('ES256 by a key of the sender', /another algorithm/, () =>
    sealed({ ...header, alg: 'ES256' }, payload, (input) =>
      sign('sha256', Buffer.from(input), { key: ec, dsaEncoding: 'ieee-p1363' }),
    ),
  ),
  malformed('Ed448 as EdDSA', /64 bytes/, () =>
    sealed(header, payload, (input) => sign(null, Buffer.from(input), ed448)),
  ),
  malformed('none, without a signature', /64 bytes/, () =>
    sealed({ ...header, alg: 'none' }, payload, () => Buffer.alloc(0)),
  ),
  malformed('none, with 64 zero bytes', /another algorithm/, () =>
    sealed({ ...header, alg: 'none' }, payload, () => Buffer.alloc(64)),
  ),
  badHeader('nOnE, well signed', { ...header, alg: 'nOnE' }),
  badHeader('Ed25519 as the name of the algorithm', { ...header, alg: 'Ed25519' }),
  badHeader('no algorithm', { typ: header.typ, kid: header.kid }),
  badHeader('the algorithm as a list', { ...header, alg: ['EdDSA'] }),
];

const headers: Attack[] = [
  badHeader('unknown crit', { ...header, crit: ['exp'] }),
  badHeader('crit with b64 false', { ...header, crit: ['b64'], b64: false }),
  badHeader('empty crit', { ...header, crit: [] }),
  badHeader('a key of its own in the header', { ...header, jwk: agent.jwk }),
  badHeader('a key by address', { ...header, jku: 'https://example.org/keys' }),
  badHeader('a certificate chain', { ...header, x5c: [part(pem)] }),
  badHeader('alg twice', `{"alg":"none","alg":"EdDSA","typ":"ticket+jwt","kid":"${agent.jkt}"}`, /twice/),
  badHeader(
    'alg twice, once escaped',
    `{"\\u0061lg":"none","alg":"EdDSA","typ":"ticket+jwt","kid":"${agent.jkt}"}`,
    /twice/,
  ),
  badHeader('no typ', { alg: header.alg, kid: header.kid }),
  badHeader('no kid', { alg: header.alg, typ: header.typ }),
  badHeader('a kid that is a path', { ...header, kid: '../../dev/null' }),
  badHeader(
    '__proto__ in the header',
    `{"__proto__":{},"alg":"EdDSA","typ":"ticket+jwt","kid":"${agent.jkt}"}`,
    /__proto__/,
  ),
  { name: 'typ JWT', make: () => sealed({ ...header, typ: 'JWT' }, payload, good), code: 'WRONG_TYPE' },
  {
    name: 'the typ in capitals',
    make: () => sealed({ ...header, typ: 'TICKET+JWT' }, payload, good),
    code: 'WRONG_TYPE',
  },
  {
    name: 'the node’s kid over the agent’s signature',
    make: () => sealed({ ...header, kid: node.jkt }, payload, good),
    code: 'STATEMENT_MALFORMED',
    says: /iss is not the kid/,
  },
];

const claims = w.ticketClaims();
const others = {
  'delegation+jwt': w.root,
  'lease+jwt': signStatement('lease+jwt', w.leaseFor(claims), node),
  'receipt+jwt': signStatement('receipt+jwt', w.receiptFor(claims), node),
};
const types: Attack[] = [
  ...Object.entries(others).map(([type, shown]) => ({
    name: `a ${type} shown as a ticket`,
    make: () => shown,
    code: 'WRONG_TYPE',
  })),
  ...Object.entries(others).map(([type, shown]) =>
    malformed(`what a ${type} says, signed as a ticket`, /iss is not the kid|nrecognized|nvalid/, () =>
      signedAs('ticket+jwt', payloadOf(shown), agent),
    ),
  ),
  ...STATEMENT_TYPES.filter((type) => type !== 'delegation+jwt').map((type) => ({
    name: `a ${type} in the place of a delegation`,
    make: () => w.ticket({ chain: [type === 'ticket+jwt' ? w.ticket({ chain: ['d'] }) : others[type as 'lease+jwt']] }), // but for delegations
    code: 'WRONG_TYPE',
  })),
];

const thief = generateIdentityKey();
const at = text.lastIndexOf('.') + 1;
const [head = '', body = '', signature = ''] = text.split('.');
const signatures: Attack[] = [
  { name: 'a signature with S + L', make: () => malleated(text), code: 'BAD_SIGNATURE' },
  { name: 'a delegation with S + L', make: () => w.ticket({ chain: [malleated(w.root)] }), code: 'BAD_SIGNATURE' },
  { name: 'a signature of zeros', make: () => text.slice(0, at) + part(Buffer.alloc(64)), code: 'BAD_SIGNATURE' },
  { name: 'the neutral element and zero', make: () => text.slice(0, at) + part(WEAK_SIGNATURE), code: 'BAD_SIGNATURE' },
  {
    name: 'another’s signature under the agent’s name',
    make: () => signStatement('ticket+jwt', claims, { privateKey: thief.privateKey, jkt: agent.jkt }),
    code: 'BAD_SIGNATURE',
  },
  {
    name: 'a claim changed after signing',
    make: () => `${head}.${part(payload.replace('"cpuMilli":100,', '"cpuMilli":900,'))}.${signature}`,
    code: 'BAD_SIGNATURE',
  },
  {
    name: 'another ticket’s signature',
    make: () => text.slice(0, at) + w.ticket().split('.')[2],
    code: 'BAD_SIGNATURE',
  },
];

const lastBits = (encoded: string) => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return encoded.slice(0, -1) + alphabet[alphabet.indexOf(encoded.at(-1) ?? '') ^ 1];
};
const spellings: Attack[] = [
  malformed('padding behind the signature', /64 bytes/, () => `${text}==`),
  malformed('padding behind the payload', /outside base64url|length/, () => `${head}.${body}=.${signature}`),
  malformed('bits after the signature’s last byte', /bits set/, () => `${head}.${body}.${lastBits(signature)}`),
  malformed(
    'the other alphabet',
    /outside base64url/,
    () => `${head}.${body}.${signature.slice(0, 40)}+${signature.slice(41)}`,
  ),
  malformed(
    'a line break in the payload',
    /outside base64url|length/,
    () => `${head}.${body.slice(0, 8)}\n${body.slice(8)}.${signature}`,
  ),
  malformed('a character beyond ASCII', /outside base64url/, () => `${head}.${body.slice(0, -1)}Ā.${signature}`),
  malformed('white space around', /64 bytes|outside/, () => ` ${text} `),
  malformed('four parts', /three parts/, () => `${text}.x`),
  malformed('five parts, as if encrypted', /three parts/, () => `${head}.a.b.c.d`),
  malformed('nothing', /three parts/, () => ''),
  malformed('the JSON serialization', /three parts/, () =>
    JSON.stringify({ payload: body, signatures: [{ protected: head, signature }] }),
  ),
  malformed('bytes that are not UTF-8', /UTF-8/, () => sealed(header, Buffer.from([0x7b, 0xff, 0x7d]), good)),
  malformed('a byte order mark', /JSON|object/, () => sealed(header, `\ufeff${payload}`, good)),
  { name: 'more than the bound', make: () => '!'.repeat(MAX_STATEMENT_BYTES + 1), code: 'STATEMENT_TOO_LARGE' },
  { name: 'a hundred million characters', make: () => 'x'.repeat(100_000_000), code: 'STATEMENT_TOO_LARGE' },
];

/** Attacks on how a statement is written and signed. */
export const WIRE_ATTACKS: AttackGroup[] = [
  { group: 'Another algorithm', attacks: algorithms },
  { group: 'The header', attacks: headers },
  { group: 'Another type', attacks: types },
  { group: 'The signature', attacks: signatures },
  { group: 'Another spelling', attacks: spellings },
];
