import { expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { DEFAULT_RESOURCES } from '../resources';
import { generateIdentityKey } from './keys';
import { type OwnTicketClaims, type SharedTicketClaims, signTickets } from './sign-tickets';
import { verifyStatement } from './verify';

const key = generateIdentityKey();
const shared: SharedTicketClaims = {
  iss: key.jkt,
  sub: 'urn:publicid:IDN+meridian+user+zoë "the \\ second"',
  cnf: { jkt: key.jkt },
  slice: 'urn:publicid:IDN+meridian+slice+oslo_a',
  resources: DEFAULT_RESOURCES,
  start: 100,
  end: 200,
  graceSeconds: 0,
};
const own = (...chain: string[]): OwnTicketClaims => ({
  jti: 'j'.repeat(24),
  aud: 'urn:publicid:IDN+meridian+node+n1',
  nbf: 100,
  exp: 150,
  chain,
});
const code = async (signed: Promise<string[]>) =>
  signed.then(
    () => 'signed',
    (err: unknown) => (err instanceof Refused ? err.code : String(err)),
  );

test('says what its claims say, wherever the chain’s last group of three bytes ends', async () => {
  const claims = Array.from({ length: 12 }, (_, i) => own('ey.x.y', `${'e'.repeat(i)}.y_-.Z`));
  claims.push({ ...own('d'), replaces: 'r'.repeat(16), clears: ['c', 'd'] });
  const texts = await signTickets(shared, [...claims, ...claims], key);
  expect(texts.map((text) => verifyStatement('ticket+jwt', text, key))).toEqual(
    [...claims, ...claims].map((one) => ({ ...shared, ...one })),
  );
});

test('refuses what no reader would take', async () => {
  expect(await code(signTickets({ ...shared, start: -1 }, [own('d')], key))).toBe('STATEMENT_MALFORMED');
  expect(await code(signTickets(shared, [{ ...own('d'), jti: 'short' }], key))).toBe('STATEMENT_MALFORMED');
  expect(await code(signTickets(shared, [own('délégation')], key))).toBe('STATEMENT_MALFORMED');
  expect(await code(signTickets(shared, [{ ...own('d'), clears: ['d'.repeat(32_768)] }], key))).toBe(
    'STATEMENT_TOO_LARGE',
  );
  expect(await code(signTickets(shared, [own('d'.repeat(2561))], key))).toBe('STATEMENT_MALFORMED');
  expect(await code(signTickets(shared, [own(...Array<string>(9).fill('d'))], key))).toBe('CHAIN_TOO_DEEP');
  expect(await code(signTickets({ ...shared, iss: 'x'.repeat(43) }, [own('d')], key))).toBe('STATEMENT_MALFORMED');
});

test('many are signed by threads of their own, in order and all alike; a key that cannot sign is an error', async () => {
  const many = Array.from({ length: 300 }, (_, i) => ({ ...own('ey.x.y'), jti: `ticket-${i}`.padEnd(20, '-') }));
  const texts = await signTickets(shared, many, key);
  expect(texts).toEqual(await Promise.all(many.map(async (one) => (await signTickets(shared, [one], key))[0])));
  expect(verifyStatement('ticket+jwt', texts[299] ?? '', key).jti).toBe(many[299]?.jti);
  const [a, b] = await Promise.all([signTickets(shared, many, key), signTickets(shared, many.toReversed(), key)]);
  expect(a).toEqual(b.toReversed());
  expect(await code(signTickets(shared, many, { jkt: key.jkt, privateKey: key.publicKey }))).toContain(
    'could not sign',
  );
});
