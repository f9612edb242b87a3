import { expect, test } from 'vitest';
import { statementWorld } from '@/test/statements';
import { verifyPasted } from './verify-pasted';

const world = statementWorld();
const { node, agent, holder } = world.keys;
const owners = new Map([
  [node.jkt, { publicKey: node.jwk.x, owner: 'n1', kind: 'node', retired: false }],
  [agent.jkt, { publicKey: agent.jwk.x, owner: 'am', kind: 'agent', retired: false }],
]);
const lookup = (jkt: string) => Promise.resolve(owners.get(jkt) ?? null);
const verified = (text: string, now = world.now) => verifyPasted(text, lookup, now);

test('a delegation and a ticket with its chain hold', async () => {
  expect(await verified(world.root)).toMatchObject({
    verdict: 'holds',
    signatures: 1,
    rules: null,
    signer: { owner: 'n1' },
  });
  expect(await verified(world.ticket())).toMatchObject({
    verdict: 'holds',
    signatures: 2,
    rules: null,
    signer: { owner: 'am' },
  });
});

test('one that is over, or beyond its chain, is signed all the same', async () => {
  const later = await verified(world.root, world.now + 90 * 86_400_000);
  expect(later).toMatchObject({ verdict: 'holds', rules: { code: 'EXPIRED' } });
  const greedy = world.ticket({ end: world.seconds + 86_400 * 70 });
  expect(await verified(greedy)).toMatchObject({ verdict: 'holds', rules: { code: 'EXCEEDS_PARENT' } });
});

test('any changed byte is refused with the exact reason; an unknown signer is no verdict', async () => {
  const text = world.ticket();
  const at = text.length - 40;
  const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
  expect(await verified(changed)).toMatchObject({ verdict: 'refused', reason: { code: 'BAD_SIGNATURE' } });
  expect(await verified('hello')).toMatchObject({ verdict: 'refused', reason: { code: 'STATEMENT_MALFORMED' } });
  const foreign = world.delegation({ iss: holder.jkt }, holder);
  expect(await verified(foreign)).toEqual({ verdict: 'unknown', type: 'delegation+jwt', kid: holder.jkt });
  // The deployment names another key than the statement's: its word alone makes nothing hold.
  const lying = () => Promise.resolve({ publicKey: agent.jwk.x, owner: 'n1', kind: 'node', retired: false });
  expect(await verifyPasted(world.root, lying, world.now)).toMatchObject({ reason: { code: 'UNKNOWN_ISSUER' } });
});
