import { describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { refusalOf } from '@/test/refused';
import { statementWorld } from '@/test/statements';
import { generateIdentityKey, thumbprint } from './keys';
import type { PublicJwk } from './schemas';
import { verifyStatement } from './verify';
import { hasEd25519, webThumbprint, webVerify } from './web-verify';

const world = statementWorld();
const { node, agent } = world.keys;
const text = world.root;

async function webOutcome(type: 'delegation+jwt' | 'ticket+jwt', of: string, key: PublicJwk): Promise<string> {
  try {
    await webVerify(type, of, key);
    return 'accepted';
  } catch (err) {
    if (err instanceof Refused) return err.code;
    throw err;
  }
}

test('there is Ed25519 here, and thumbprints are the same', async () => {
  expect(await hasEd25519()).toBe(true);
  expect(await webThumbprint(node.jwk)).toBe(thumbprint(node.jwk));
});

test('the claims are those that the other verifier reads', async () => {
  expect(await webVerify('delegation+jwt', text, node.jwk)).toEqual(verifyStatement('delegation+jwt', text, node));
});

describe('says what the other verifier says', () => {
  const agrees = async (of: string, key: PublicJwk, type: 'delegation+jwt' | 'ticket+jwt' = 'delegation+jwt') =>
    expect([of, await webOutcome(type, of, key)]).toEqual([of, refusalOf(() => verifyStatement(type, of, key))]);

  test('of every character altered', async () => {
    let accepted = 0;
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'A' ? 'B' : 'A';
      const altered = text.slice(0, at) + other + text.slice(at + 1);
      await agrees(altered, node.jwk);
      if ((await webOutcome('delegation+jwt', altered, node.jwk)) === 'accepted') accepted++;
    }
    expect(accepted).toBe(0);
  });

  test('of another key, another type, other bytes', async () => {
    await agrees(text, agent.jwk);
    await agrees(text, generateIdentityKey().jwk);
    await agrees(text, node.jwk, 'ticket+jwt');
    for (const of of ['', '.', 'a.b.c', `${text}.`, `${text}=`, `${text}\n`, text.slice(0, -1), text.replace('.', '')])
      await agrees(of, node.jwk);
    await agrees('!'.repeat(40_000), node.jwk);
  });

  test('of keys that nobody can own', async () => {
    await agrees(text, { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) });
    await agrees(text, { kty: 'OKP', crv: 'Ed25519', x: 'x' });
  });
});
