import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOGIN_BASE } from '../identity/urn';
import { loginBaseFor } from './login-base';

test.each([
  ['urn:publicid:IDN+ple:quantavisple+authority+sa', 'quantavisple'],
  ['urn:publicid:IDN+plc:vicci:uw+authority+sa', 'uw'],
  ['urn:publicid:IDN+north:1dune+authority+sa', 's1dune'],
  ['urn:publicid:IDN+plc:a-very.long_name-of-a-site+authority+sa', 'averylongnameofasite'],
])('%s gives %s', (urn, base) => expect(loginBaseFor(urn, () => false)).toBe(base));

test('a taken base gets its authority before it, then a number', () => {
  const urn = 'urn:publicid:IDN+plc:vicci:princeton+authority+sa';
  expect(loginBaseFor(urn, (base) => base === 'princeton')).toBe('plcvicciprinceton');
  expect(loginBaseFor(urn, (base) => base === 'princeton' || base === 'plcvicciprinceton')).toBe('princeton2');
});

test('is always a valid base that is free', () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9._-]{1,30}$/);
  fc.assert(
    fc.property(segment, fc.nat(30), (name, used) => {
      const taken = new Set<string>();
      for (let i = 0; i <= used; i++) {
        const base = loginBaseFor(`urn:publicid:IDN+x:${name}+authority+sa`, (each) => taken.has(each));
        if (!LOGIN_BASE.test(base) || taken.has(base)) return false;
        taken.add(base);
      }
      return true;
    }),
  );
});
