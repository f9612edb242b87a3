import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { three, world } from '@/test/attacks/attack';
import { CHAIN_ATTACKS } from '@/test/attacks/chains';
import { CLAIM_ATTACKS } from '@/test/attacks/claims';
import { WEAK_POINTS, WEAK_SIGNATURE } from '@/test/attacks/forge';
import { WIRE_ATTACKS } from '@/test/attacks/wire';
import { type TicketVerifyContext, verifyTicket, verifyTicketAsync } from './ticket';

const GROUPS = [...WIRE_ATTACKS, ...CLAIM_ATTACKS, ...CHAIN_ATTACKS];

test('what the attacks are made from is taken', () => {
  expect(verifyTicket(world.ticket(), world.context).chain).toHaveLength(1);
  expect(verifyTicket(world.ticket({ chain: three.chain }), world.context).chain).toHaveLength(3);
});

describe.each(GROUPS)('$group', ({ attacks }) => {
  test.each(attacks)('$name: $code', async ({ make, over, code, says }) => {
    const context: TicketVerifyContext = { ...world.context, ...over?.() };
    const text = make();
    for (const refused of [
      reasonOf(() => verifyTicket(text, context)),
      await reasonLater(verifyTicketAsync(text, context)),
    ]) {
      expect(refused.code).toBe(code);
      if (says) expect(String(refused.facts.problem)).toMatch(says);
    }
  });
});

test('a key of small order is an attack: under some of them the platform takes a signature that nobody made', () => {
  const holds = WEAK_POINTS.filter(([, hex]) => {
    const x = Buffer.from(hex, 'hex').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return Array.from({ length: 64 }, (_, i) =>
      verify(null, Buffer.from(`any message ${i}`), key, WEAK_SIGNATURE),
    ).includes(true);
  });
  expect(holds.length).toBeGreaterThan(2);
});

test('the table in the documents names each of them, and nothing else', () => {
  const page = readFileSync(new URL('../../docs/attacks.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('## Statements'), page.indexOf('## On a node'));
  const rows = [...section.matchAll(/^\| (.*) \| `([A-Z_]+)` \|$/gm)].map(([, name, code]) => `${name}: ${code}`);
  const all = GROUPS.flatMap(({ attacks }) => attacks.map(({ name, code }) => `${name}: ${code}`));
  expect(rows).toEqual(all);
  expect(new Set(all).size).toBe(all.length);
});

function reasonOf(work: () => unknown): Refused {
  try {
    work();
  } catch (err) {
    if (err instanceof Refused) return err;
    throw err;
  }
  throw new Error('it was taken');
}

async function reasonLater(work: Promise<unknown>): Promise<Refused> {
  const err = await work.then(
    () => new Error('it was taken'),
    (reason: unknown) => reason,
  );
  if (err instanceof Refused) return err;
  throw err;
}
