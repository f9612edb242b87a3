import { expect, test } from 'vitest';
import { addressGroup } from './address-group';

test('a source is an IPv4 address, or the /64 of an IPv6 one', () => {
  expect(addressGroup('192.0.2.7')).toBe('192.0.2.7');
  expect(addressGroup('::ffff:192.0.2.7')).toBe('192.0.2.7');
  expect(addressGroup('2001:db8:0:1::5')).toBe(addressGroup('2001:DB8::1:aa:bb:cc:dd'));
  expect(addressGroup('2001:db8:0:1::5')).not.toBe(addressGroup('2001:db8:0:2::5'));
  expect(addressGroup('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
  expect(addressGroup('::1')).toBe('0:0:0:0::/64');
  expect(addressGroup(undefined)).toBe('');
});
