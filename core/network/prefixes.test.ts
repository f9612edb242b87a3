import { expect, test } from 'vitest';
import { Refused } from '../errors';
import { normalPrefixes } from './prefixes';

test('in one clean form, none twice and none inside another', () => {
  expect(normalPrefixes(['10.1.2.3/8', '10.9.0.0/16', '192.0.2.7', '192.0.2.7/32'])).toEqual([
    '10.0.0.0/8',
    '192.0.2.7/32',
  ]);
  expect(normalPrefixes(['2001:db8::1/32', '2001:DB8:5::/48', '::/0'])).toEqual(['0:0:0:0:0:0:0:0/0']);
  expect(normalPrefixes(['2001:db8::1'])).toEqual(['2001:db8:0:0:0:0:0:1/128']);
  expect(normalPrefixes([])).toEqual([]);
});

test.each([
  '10.0.0.0/33',
  '10.0.0',
  '10.0.0.256',
  '10.0.0.0/8/8',
  '::1::/64',
  'fe80::%eth0',
  '1:2:3:4:5:6:7',
  'x',
  '',
  '10.0.0.0/',
])('%s is none', (text) => {
  expect(() => normalPrefixes([text])).toThrow(Refused);
});
