import { sign } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { MAX_STATEMENT_BYTES } from '@/core/statement/bounds';
import { refusalOf } from '@/test/refused';
import { statementWorld } from '@/test/statements';
import { generateIdentityKey, type IdentityKey } from './keys';
import { STATEMENT_TYPES, type StatementType } from './schemas';
import { signStatement, signStatements } from './sign';
import { decodeUnverified, verifyStatement, verifyStatements } from './verify';

const world = statementWorld();
const { node, agent } = world.keys;
const ticketClaims = world.ticketClaims();
const samples: Record<StatementType, { text: string; key: IdentityKey }> = {
  'delegation+jwt': { text: world.root, key: node },
  'ticket+jwt': { text: signStatement('ticket+jwt', ticketClaims, agent), key: agent },
  'lease+jwt': { text: signStatement('lease+jwt', world.leaseFor(ticketClaims), node), key: node },
  'receipt+jwt': { text: signStatement('receipt+jwt', world.receiptFor(ticketClaims), node), key: node },
};

describe.each(STATEMENT_TYPES)('%s', (type) => {
  const { text, key } = samples[type];
  const outcome = (altered: string) => refusalOf(() => verifyStatement(type, altered, key));

  test('holds as signed, under its key alone', () => {
    expect(verifyStatement(type, text, key)).toEqual(decodeUnverified(type, text).claims);
    expect(refusalOf(() => verifyStatement(type, text, generateIdentityKey()))).toBe('UNKNOWN_ISSUER');
  });

  test('is refused with any one bit of any character changed', () => {
    const taken: string[] = [];
    for (let at = 0; at < text.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const altered = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
        if (outcome(altered) === 'accepted') taken.push(`${at}.${bit}`);
      }
    }
    expect(taken).toEqual([]);
  });

  test('is refused with a character added or left out anywhere', () => {
    const taken: string[] = [];
    for (let at = 0; at <= text.length; at++) {
      for (const extra of ['=', ' ', '\n', 'A', '.', '\u0000']) {
        if (outcome(text.slice(0, at) + extra + text.slice(at)) === 'accepted') taken.push(`+${at}${extra}`);
      }
      if (at < text.length && outcome(text.slice(0, at) + text.slice(at + 1)) === 'accepted') taken.push(`-${at}`);
    }
    expect(taken).toEqual([]);
  });

  test('is refused with other last characters of a part that decode to the same bytes', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const parts = text.split('.');
    let same = 0;
    parts.forEach((part, i) => {
      for (const c of alphabet) {
        const altered = part.slice(0, -1) + c;
        if (altered === part || !Buffer.from(altered, 'base64url').equals(Buffer.from(part, 'base64url'))) continue;
        same++;
        expect(outcome(parts.with(i, altered).join('.'))).toBe('STATEMENT_MALFORMED');
      }
    });
    expect(same).toBeGreaterThanOrEqual(15); // the signature alone has 15 such
  });

  test('is not another type', () => {
    for (const other of STATEMENT_TYPES) {
      if (other !== type) expect(refusalOf(() => verifyStatement(other, text, key))).toBe('WRONG_TYPE');
    }
  });
});

describe('well signed, but not what we agreed on', () => {
  const payload = JSON.stringify(decodeUnverified('ticket+jwt', samples['ticket+jwt'].text).claims);
  const part = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const signed = (header: unknown, body = payload) => {
    const input = `${part(header)}.${part(body)}`;
    return `${input}.${sign(null, Buffer.from(input), agent.privateKey).toString('base64url')}`;
  };
  const good = { alg: 'EdDSA', typ: 'ticket+jwt', kid: agent.jkt };
  const outcome = (text: string) => refusalOf(() => verifyStatement('ticket+jwt', text, agent));

  test('the plain header is taken', () => expect(outcome(signed(good))).toBe('accepted'));

  test.each([
    ['alg none', { ...good, alg: 'none' }],
    ['alg Ed25519', { ...good, alg: 'Ed25519' }],
    ['alg HS256', { ...good, alg: 'HS256' }],
    ['no alg', { typ: good.typ, kid: good.kid }],
    ['no typ', { alg: good.alg, kid: good.kid }],
    ['no kid', { alg: good.alg, typ: good.typ }],
    ['crit', { ...good, crit: ['b64'], b64: false }],
    ['a key of its own', { ...good, jwk: agent.jwk }],
    ['an unknown member', { ...good, x: 1 }],
    ['a list', [good]],
    ['alg twice', `{"alg":"none","alg":"EdDSA","typ":"ticket+jwt","kid":"${agent.jkt}"}`],
    ['text', '"EdDSA"'],
  ])('refuses the header with %s', (_what, header) => {
    expect(outcome(signed(header))).toBe('STATEMENT_MALFORMED');
  });

  test.each([
    ['a claim twice', payload.replace('{', `{"sub":"urn:publicid:IDN+m+user+eve",`)],
    ['an unknown claim', payload.replace('{', '{"admin":true,')],
    ['an unknown amount', payload.replace('"cpuMilli"', '"gpuMilli":1,"cpuMilli"')],
    ['a fraction', payload.replace('"cpuMilli":100', '"cpuMilli":100.5')],
    ['a negative amount', payload.replace('"cpuMilli":100', '"cpuMilli":-100')],
    ['an amount as text', payload.replace('"cpuMilli":100', '"cpuMilli":"100"')],
    ['no amounts', payload.replace(/"resources":\{[^}]*\}/, '"resources":{}')],
    ['another issuer', payload.replace(`"iss":"${agent.jkt}"`, `"iss":"${node.jkt}"`)],
    ['a list', `[${payload}]`],
    ['nothing', ''],
  ])('refuses the payload with %s', (_what, body) => {
    expect(body).not.toBe(payload);
    expect(outcome(signed(good, body))).toBe('STATEMENT_MALFORMED');
  });

  test('bytes that are not UTF-8', () => {
    const input = `${part(good)}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}`;
    const text = `${input}.${sign(null, Buffer.from(input), agent.privateKey).toString('base64url')}`;
    expect(outcome(text)).toBe('STATEMENT_MALFORMED');
  });

  test('the signature is looked at before the payload', () => {
    const [head, , signature] = signed(good).split('.');
    expect(outcome([head, part('{"not":"claims"}'), signature].join('.'))).toBe('BAD_SIGNATURE');
  });

  test('the size is looked at before anything', () => {
    expect(outcome('!'.repeat(MAX_STATEMENT_BYTES + 1))).toBe('STATEMENT_TOO_LARGE');
    expect(outcome('!'.repeat(MAX_STATEMENT_BYTES))).toBe('STATEMENT_MALFORMED');
  });

  test.each(['', '.', '..', 'a.b', 'a.b.c.d', `${samples['ticket+jwt'].text}.`])('refuses %j', (text) => {
    expect(outcome(text)).toBe('STATEMENT_MALFORMED');
  });
});

describe('signing', () => {
  test('refuses what readers would refuse', () => {
    expect(refusalOf(() => signStatement('ticket+jwt', ticketClaims, node))).toBe('STATEMENT_MALFORMED');
    expect(refusalOf(() => signStatement('ticket+jwt', { ...ticketClaims, jti: 'short' }, agent))).toBe(
      'STATEMENT_MALFORMED',
    );
    expect(refusalOf(() => signStatement('ticket+jwt', { ...ticketClaims, clears: ['a'.repeat(32_000)] }, agent))).toBe(
      'STATEMENT_TOO_LARGE',
    );
    const torn = world.receiptFor(ticketClaims, { facts: { problem: 'torn \ud83d' } });
    expect(verifyStatement('receipt+jwt', signStatement('receipt+jwt', torn, node), node)).toMatchObject({
      facts: { problem: 'torn \ufffd' },
    });
  });
});

describe('batches', () => {
  const many = Array.from({ length: 200 }, () => world.ticketClaims());
  let texts: string[];
  beforeAll(async () => {
    texts = await signStatements('ticket+jwt', many, agent);
  });

  test('sign as one by one, in order', () => {
    expect(texts).toEqual(many.map((claims) => signStatement('ticket+jwt', claims, agent)));
  });

  test('verify as one by one, in order; one bad one fails all', async () => {
    const items = texts.map((text) => ({ text, expected: agent.jwk }));
    expect(await verifyStatements('ticket+jwt', items)).toEqual(many);
    const last = texts.at(-1) ?? '';
    const altered = last.slice(0, -20) + (last.at(-20) === 'A' ? 'B' : 'A') + last.slice(-19);
    await expect(
      verifyStatements('ticket+jwt', [...items, { text: altered, expected: agent.jwk }]),
    ).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
  });
});
