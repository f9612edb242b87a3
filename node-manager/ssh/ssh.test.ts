import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprintOf, generateHostKey } from './host-key';
import { parsePorts, portOrder } from './ports';
import { acceptedKey, loginOf } from './sshd';

describe('ports', () => {
  test('a range is read, and what is none is not', () => {
    expect(parsePorts('22000-22999')).toEqual({ from: 22_000, to: 22_999 });
    for (const text of ['off', '', '22', '5-4', '0-9', '1-65536', '-1-5', '1-2-3']) expect(parsePorts(text)).toBe(null);
  });

  test('every free port of the range is tried once, the same first for the same name', () => {
    fc.assert(
      fc.property(fc.string(), fc.uniqueArray(fc.integer({ min: 100, max: 139 })), (name, taken) => {
        const order = portOrder({ from: 100, to: 139 }, name, new Set(taken));
        expect(new Set(order).size).toBe(order.length);
        expect([...order, ...taken].sort()).toEqual(Array.from({ length: 40 }, (_, i) => 100 + i));
        expect(portOrder({ from: 100, to: 139 }, name, new Set(taken))).toEqual(order);
      }),
    );
  });
});

test('a host key is told by the fingerprint that ssh prints', () => {
  const key = generateHostKey();
  expect(fingerprintOf(key.publicKey)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  expect(fingerprintOf('nonsense')).toBe(null);
});

test('what sshd says of a key is read, and nothing else for it', () => {
  const sha = `SHA256:${'a'.repeat(43)}`;
  expect(acceptedKey(`x\nAccepted publickey for root from 127.0.0.1 port 5 ssh2: ED25519 ${sha}\r\n`)).toBe(sha);
  expect(acceptedKey(`Failed publickey for root from 127.0.0.1 port 5 ssh2: ED25519 ${sha}`)).toBe(null);
});

test('a slice’s own name is the login, where it can be one', () => {
  expect(loginOf('urn:publicid:IDN+meridian:ucb+slice+ucb_ocean')).toBe('ucb_ocean');
  expect(loginOf('urn:publicid:IDN+meridian:ucb+slice+Ucb.Ocean')).toBe('root');
});
