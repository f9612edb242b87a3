import fc from 'fast-check';
import { expect, test } from 'vitest';
import { refusalOf } from '@/test/refused';
import { parseStrictJson } from './strict-json';

const plain = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger(),
    fc.string({ unit: 'grapheme' }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.string().filter((k) => k !== '__proto__'),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

test('reads what JSON.stringify writes, also with white space', () => {
  fc.assert(
    fc.property(plain, fc.constantFrom(0, 2, '\t'), (value, space) => {
      const text = JSON.stringify(value, null, space);
      expect(parseStrictJson(text, 64)).toEqual(JSON.parse(text));
    }),
  );
});

test('never accepts what JSON.parse refuses, and never reads it otherwise', () => {
  const tokens = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"a"',
    '"b"',
    '1',
    '-1',
    '0',
    'true',
    'null',
    ' ',
    '"',
    '\\',
    '1.5',
    'e2',
    '01',
    '-',
  );
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 10 }), (parts) => {
      const text = parts.join('');
      if (refusalOf(() => parseStrictJson(text)) !== 'accepted') return;
      expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 10_000 },
  );
});

test.each([
  ['a name twice', '{"a":1,"a":1}'],
  ['a name twice, once escaped', '{"a":1,"\\u0061":2}'],
  ['a name twice, deep', '{"x":[{"a":1,"b":2,"a":3}]}'],
  ['__proto__', '{"__proto__":{"admin":true}}'],
  ['a number beyond the safe range', '9007199254740993'],
  ['a huge exponent', '1e400'],
  ['another spelling of one', '1.0'],
  ['an exponent', '1e3'],
  ['minus nothing', '-0'],
  ['a leading zero', '01'],
  ['a lone surrogate', '"\\ud800"'],
  ['surrogates the wrong way round', '"\\udc00\\ud800"'],
  ['a control character', '"\n"'],
  ['an unknown escape', '"\\x41"'],
  ['an inherited name as escape', '"\\constructor"'],
  ['a byte order mark', '\ufeff{}'],
  ['text behind', '{} {}'],
  ['nothing', ''],
  ['a comma too many', '[1,]'],
  ['NaN', 'NaN'],
  ['a comment', '{/**/}'],
  ['another space', '\u00a0{}'],
])('refuses %s', (_what, text) => {
  expect(refusalOf(() => parseStrictJson(text))).toBe('STATEMENT_MALFORMED');
});

test('bounds the depth, exactly', () => {
  const nested = (n: number) => '['.repeat(n) + ']'.repeat(n);
  expect(refusalOf(() => parseStrictJson(nested(8), 8))).toBe('accepted');
  expect(refusalOf(() => parseStrictJson(nested(9), 8))).toBe('STATEMENT_MALFORMED');
  expect(refusalOf(() => parseStrictJson(nested(100_000), 8))).toBe('STATEMENT_MALFORMED');
});

test('reads names that objects inherit as plain members', () => {
  expect(Object.keys(Object(parseStrictJson('{"constructor":1,"toString":2}')))).toEqual(['constructor', 'toString']);
});
