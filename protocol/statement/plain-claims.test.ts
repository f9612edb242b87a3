import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type Decoder, portableDecoder } from '@/core/statement/compact';
import { parseStrictJson } from '@/core/statement/strict-json';
import { payloadOf } from '@/test/attacks/forge';
import { statementWorld } from '@/test/statements';
import { plainClaims } from './claims';
import { nativeDecoder } from './native-decoder';
import { predicateOf } from './predicate';
import { DelegationClaims, LeaseClaims, TicketClaims } from './schemas';

const w = statementWorld();
const claims = w.ticketClaims({ chain: w.chained(3).chain, replaces: 'r'.repeat(16), clears: ['c'] });
const samples = [
  { schema: TicketClaims, type: 'ticket+jwt' as const, value: claims },
  {
    schema: DelegationClaims,
    type: 'delegation+jwt' as const,
    value: w.delegationClaims({ parent: 'p'.repeat(43), line: 'l'.repeat(16) }),
  },
  { schema: LeaseClaims, type: 'lease+jwt' as const, value: w.leaseFor(claims) },
];
const oddValue = fc.oneof(
  fc.constantFrom<unknown>(0, -1, 1.5, 2 ** 53, 4_102_444_800, 4_102_444_801, '', 'x'.repeat(16), 'x'.repeat(43), 'x'.repeat(65), 'urn:publicid:IDN+', 'urn:publicid:IDN+'.padEnd(257, 'x'), 'é', null, true, [], {}, ['a'], Array(9).fill('a'), 999, 1000, 100_001, undefined),
  fc.integer(),
  fc.string(),
); // biome-ignore format: one line
const pathsOf = (value: object): string[][] =>
  Object.entries(value).flatMap(([name, inner]) => [
    [name],
    ...(typeof inner === 'object' && inner !== null ? pathsOf(inner).map((path) => [name, ...path]) : []),
  ]);

/** The value with what stands at a path replaced, left out, or something put beside it. */
function changed(value: unknown, [name = '', ...rest]: string[], how: 'set' | 'drop' | 'beside', to: unknown): unknown {
  if (typeof value !== 'object' || value === null) return to;
  if (Array.isArray(value)) return value.map((one, i) => (String(i) === name ? changed(one, rest, how, to) : one));
  const copy: Record<string, unknown> = { ...value };
  if (rest.length > 0) copy[name] = changed(copy[name], rest, how, to);
  else if (how === 'set') copy[name] = to;
  else if (how === 'drop') delete copy[name];
  else copy[`${name}2`] = to;
  return copy;
}

test('the quick yes is the schema’s: whatever is changed in what a statement says', () => {
  const seen = { yes: 0, no: 0 };
  for (const { schema, value } of samples) {
    const predicate = predicateOf(schema);
    if (!predicate) throw new Error('the schema holds what the predicate does not know');
    expect(predicate(value)).toBe(true);
    const at = fc.constantFrom(...pathsOf(value));
    fc.assert(
      fc.property(
        at,
        fc.constantFrom('set' as const, 'drop' as const, 'beside' as const),
        oddValue,
        (path, how, to) => {
          const other = changed(value, path, how, to);
          const yes = predicate(other);
          seen[yes ? 'yes' : 'no']++;
          if (yes) expect((schema as z.ZodType).safeParse(other)).toEqual({ success: true, data: other });
        },
      ),
      { numRuns: 2000 },
    );
  }
  expect(seen.yes).toBeGreaterThan(100);
  expect(seen.no).toBeGreaterThan(1000);
  expect(predicateOf(z.object({ a: z.string() }))).toBe(null); // lets others stand beside it
  expect(predicateOf(z.strictObject({ a: z.string().transform(Number) }))).toBe(null);
  expect(predicateOf(z.strictObject({ a: z.string().trim() }))).toBe(null);
  expect(predicateOf(z.strictObject({ a: z.int().multipleOf(2) }))).toBe(null);
});

test('a payload that is read fast says what the strict reader says, and is what that takes', () => {
  const text = JSON.stringify(claims);
  expect(plainClaims('ticket+jwt', text)).toEqual(claims);
  const bits = fc.constantFrom(
    '"',
    ' ',
    '{',
    '}',
    '[',
    ',',
    ':',
    '0',
    '1e3',
    '\\u0061',
    '\\ud83d',
    '"iss":"x",',
    '-',
    '.0',
    'é',
    '__proto__',
    '\\',
  );
  let taken = 0;
  fc.assert(
    fc.property(fc.nat(text.length), fc.nat(3), bits, (at, drop, put) => {
      const other = text.slice(0, at) + put + text.slice(at + drop);
      const plain = plainClaims('ticket+jwt', other);
      if (!plain) return;
      taken++;
      expect(plain).toEqual(parseStrictJson(other));
      expect(TicketClaims.parse(plain)).toEqual(plain);
    }),
    { numRuns: 1500 },
  );
  expect(taken).toBeGreaterThan(20);
  expect(plainClaims('ticket+jwt', text.replace('{', `{"iss":"${claims.iss}",`))).toBe(null);
  expect(plainClaims('ticket+jwt', text.replace('user+ada', 'user+\\ud83d'))).toBe(null);
  expect(payloadOf(w.root)).toBe(JSON.stringify(plainClaims('delegation+jwt', payloadOf(w.root))));
});

test('the native decoder takes what the portable one takes, and gives the same', () => {
  const outcome = (decoder: Decoder, part: string) => {
    try {
      return [[...decoder.bytes(part)], tryText(decoder, part)];
    } catch (err) {
      return String(err);
    }
  };
  const tryText = (decoder: Decoder, part: string) => {
    try {
      return decoder.text(part);
    } catch (err) {
      return String(err);
    }
  };
  const near = fc.string({ unit: fc.constantFrom(...'AQgw_-Zz09+/= \n.éĀ\u0000'), maxLength: 12 });
  const encoded = fc.string().map((text) => Buffer.from(text).toString('base64url'));
  const raw = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
  fc.assert(
    fc.property(fc.oneof(near, encoded, raw), (part) => {
      expect(outcome(nativeDecoder, part)).toEqual(outcome(portableDecoder, part));
    }),
    { numRuns: 600 },
  );
});
