import { expect, test } from 'vitest';
import { DialAddress } from './schemas';

test('an address is a host and a port, and nothing that a URL would read otherwise', () => {
  const good = [
    'localhost:7430',
    '10.0.0.7:1',
    'n1.lab.example:65535',
    'host_a:80',
    '[::1]:7430',
    '[2001:db8::1]:7430',
  ];
  const bad = [
    'localhost',
    'localhost:0',
    'localhost:65536',
    'localhost:99999',
    'user@host:80',
    'user:secret@host:80',
    'host/path:80',
    'host:80/path',
    'host?x:80',
    'host#x:80',
    'a b:80',
    'nul\0:80',
    '::1:80',
    '-x:80',
    ':80',
    `${'x'.repeat(255)}:80`,
  ];
  for (const address of good) {
    expect(DialAddress.safeParse(address).success, address).toBe(true);
    expect(new URL(`https://${address}`).pathname).toBe('/');
  }
  for (const address of bad) expect(DialAddress.safeParse(address).success, address).toBe(false);
});
