import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusalOf } from '@/test/refused';
import { decodeBase64url, encodeBase64url } from './base64url';

test('bytes come back as they went', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = encodeBase64url(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect(decodeBase64url(text)).toEqual(new Uint8Array(bytes));
    }),
  );
});

test('every byte string has one spelling: a text is taken only if encoding gives it back', () => {
  const near = fc.string({ unit: fc.constantFrom(...'AQgw_-Zz09+/= \n.é'), maxLength: 12 });
  fc.assert(
    fc.property(fc.oneof(near, fc.string({ maxLength: 12 })), (text) => {
      const canonical = Buffer.from(text, 'base64url').toString('base64url') === text;
      expect(refusalOf(() => decodeBase64url(text))).toBe(canonical ? 'accepted' : 'STATEMENT_MALFORMED');
    }),
    { numRuns: 2000 },
  );
});

test.each(['AA==', 'A', 'AB', 'AAB', 'AA AA', 'AA\nAA', ' AAAA', 'AA+A', 'AA/A', 'AAA=', 'AAÄA', 'AA\u0000A'])(
  'refuses %j',
  (text) => {
    expect(refusalOf(() => decodeBase64url(text))).toBe('STATEMENT_MALFORMED');
  },
);
