import { verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { refusalOf } from '@/test/refused';
import {
  generateIdentityKey,
  identityKeyFromPem,
  identityKeyToPem,
  jwkFromPublicKey,
  jwkFromRaw,
  loadOrMakeIdentityKey,
  publicKeyFromJwk,
  thumbprint,
} from './keys';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meridian-keys-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the thumbprint is RFC 7638’s (example of RFC 8037, appendix A.3)', () => {
  expect(thumbprint(jwkFromRaw('11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'))).toBe(
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  );
});

test('a key comes back from its PEM, and its public part from the JWK', () => {
  const key = generateIdentityKey();
  expect(identityKeyFromPem(identityKeyToPem(key)).jkt).toBe(key.jkt);
  expect(jwkFromPublicKey(publicKeyFromJwk(key.jwk))).toEqual(key.jwk);
  expect(refusalOf(() => identityKeyFromPem('no key'))).toBe('CERTIFICATE_INVALID');
});

test('is made once, 0600, also when eight start at once, and leaves nothing beside it', async () => {
  const path = join(folder, 'new', 'identity.pem');
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadOrMakeIdentityKey(path)));
  expect(new Set(keys.map((k) => k.jkt)).size).toBe(1);
  expect((await loadOrMakeIdentityKey(path)).jkt).toBe(keys[0]?.jkt);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'new'))).toEqual(['identity.pem']);
});

test('a key that others can read is refused', async () => {
  const path = join(folder, 'identity.pem');
  await loadOrMakeIdentityKey(path);
  chmodSync(path, 0o640);
  await expect(loadOrMakeIdentityKey(path)).rejects.toMatchObject({ code: 'CERTIFICATE_INVALID' });
});

/** Every encoding of a point of small order, and of points with a second spelling (RFC 8032 section 5.1.3). */
const WEAK = [
  `01${'00'.repeat(31)}`, // order 1
  `01${'00'.repeat(30)}80`,
  `ec${'ff'.repeat(30)}7f`, // order 2
  `ec${'ff'.repeat(31)}`,
  '00'.repeat(32), // order 4
  `${'00'.repeat(31)}80`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', // order 8
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  `ed${'ff'.repeat(30)}7f`, // second spellings of y = 0, 1, 2, 18
  `ee${'ff'.repeat(30)}7f`,
  `ef${'ff'.repeat(30)}7f`,
  `${'ff'.repeat(31)}7f`,
  'ff'.repeat(32),
];

test.each(WEAK)('nobody’s key: %s', (hex) => {
  expect(refusalOf(() => publicKeyFromJwk(jwkFromRaw(Buffer.from(hex, 'hex').toString('base64url'))))).toBe(
    'STATEMENT_MALFORMED',
  );
});

test('why: under the point of order 1, one signature holds for every text', async () => {
  const { createPublicKey } = await import('node:crypto');
  const one = Buffer.from(`01${'00'.repeat(31)}`, 'hex');
  const key = createPublicKey({ key: { ...jwkFromRaw(one.toString('base64url')) }, format: 'jwk' });
  expect(verify(null, Buffer.from('anything'), key, Buffer.concat([one, Buffer.alloc(32)]))).toBe(true);
});

test('a public key has one spelling', () => {
  const { x } = generateIdentityKey().jwk;
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const twin = x.slice(0, -1) + alphabet.charAt(alphabet.indexOf(x.slice(-1)) + 1);
  expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(x, 'base64url'));
  expect(refusalOf(() => publicKeyFromJwk(jwkFromRaw(twin)))).toBe('STATEMENT_MALFORMED');
  expect(refusalOf(() => publicKeyFromJwk(jwkFromRaw(x.slice(1))))).toBe('STATEMENT_MALFORMED');
});
