import { describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { NODE_URN, statementWorld } from '@/test/statements';
import { parentHash } from './delegation';
import { generateIdentityKey } from './keys';
import { linksIn, readPasted, webVerifyChain } from './web-chain';

const world = statementWorld();
const { node, agent } = world.keys;
const third = generateIdentityKey();
const line = 'l'.repeat(22);
const child = (over = {}) =>
  world.delegation({ grantee: third.jwk, parent: parentHash(world.root), line, ...over }, agent);
const context = {
  nodeUrn: NODE_URN,
  nodeJwk: node.jwk,
  incarnation: world.incarnation,
  now: world.now,
  revokedKeys: new Set<string>(),
};
const verdicts = async (texts: string[], over: Partial<typeof context> = {}) =>
  (await webVerifyChain(texts, { ...context, ...over })).map(
    ({ signature, rules, reason }) => `${signature}, ${rules}${reason ? `: ${reason.code}` : ''}`,
  );

const good = 'holds, hold';
const unjudged = 'not judged, not judged';

describe('a chain, link by link', () => {
  test('that holds', async () => {
    expect(await verdicts([world.root])).toEqual([good]);
    expect(await verdicts([world.root, child()])).toEqual([good, good]);
  });

  test('with a changed byte, another signer, another parent', async () => {
    const at = world.root.lastIndexOf('.') + 5;
    const changed = world.root.slice(0, at) + (world.root[at] === 'A' ? 'B' : 'A') + world.root.slice(at + 1);
    expect(await verdicts([changed, child()])).toEqual(['broken, not judged: BAD_SIGNATURE', unjudged]);
    expect(await verdicts([world.root], { nodeJwk: third.jwk })).toEqual(['broken, not judged: UNKNOWN_ISSUER']);
    expect(await verdicts([world.delegation(), child()])).toEqual([good, 'holds, broken: CHAIN_BROKEN']);
    expect(await verdicts([child()], { nodeJwk: agent.jwk })).toEqual(['holds, broken: CHAIN_BROKEN']);
  });

  test('that gives more than was had, at another time, under a key that was taken back', async () => {
    expect(await verdicts([world.root, child({ degreeMilli: 3000 })])).toEqual([good, 'holds, broken: EXCEEDS_PARENT']);
    expect(await verdicts([world.root], { now: world.now + 90 * 86_400_000 })).toEqual(['holds, broken: EXPIRED']);
    expect(await verdicts([world.root, child()], { revokedKeys: new Set([third.jkt]) })).toEqual([
      good,
      'holds, broken: REVOKED',
    ]);
    expect(await verdicts([world.root], { incarnation: 'another-one-of-it' })).toEqual([
      'holds, broken: WRONG_INCARNATION',
    ]);
  });
});

test('what was pasted is known by its own word, and nothing else is', () => {
  expect(readPasted(world.root)).toEqual({ type: 'delegation+jwt', kid: node.jkt });
  const ticket = world.ticket();
  expect(readPasted(ticket)).toEqual({ type: 'ticket+jwt', kid: agent.jkt });
  expect(linksIn('ticket+jwt', ticket)).toEqual([world.root]);
  for (const text of ['', 'hello', `${world.root}x`, world.root.slice(1)])
    expect(() => readPasted(text)).toThrow(Refused);
});
