import { describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { verifyProof } from '@/protocol/proof/verify-proof';
import { wordOf } from '@/protocol/proof/words';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { parentHash } from '@/protocol/statement/delegation';
import { generateIdentityKey, type IdentityKey } from '@/protocol/statement/keys';
import type { TicketClaims } from '@/protocol/statement/schemas';
import { decodeUnverified, verifyStatement } from '@/protocol/statement/verify';
import { newStatementId } from '../lease/redeem';
import { AGENT_JKT, CAPACITY, manager, passOn, rooted, SLICE, start, ticket } from '../testing/local-node';

const HALF = { ...DEFAULT_RESOURCES, memoryMiB: CAPACITY.memoryMiB / 2 };
let slices = 0;
const some = (more: Partial<TicketClaims> = {}, by?: IdentityKey) =>
  ticket({ slice: `${SLICE}_${slices++}`, resources: HALF, ...more }, Date.now(), by);

/** The refusal that redeeming ends in, with its proof as a reader gets it: as a document. */
async function refusalOf({ service }: Awaited<ReturnType<typeof start>>, text: string, as = manager) {
  const refused = await service.redeem(as, { ticket: text }).catch((err: unknown) => err);
  const { iss, jti } = decodeUnverified('ticket+jwt', text).claims;
  const { proof } = await service.refusal(as, { iss, jti });
  return { refused, proof: JSON.parse(JSON.stringify(proof)) };
}

describe('a ticket that finds the node full', () => {
  test('of an issuer that issued what it was given three times: the proof names it', async () => {
    const local = await start();
    const chain = [rooted()];
    const held = [some({ chain }), some({ chain })];
    for (const text of held) await local.service.redeem(manager, { ticket: text });
    const third = some({ chain });
    const { refused, proof } = await refusalOf(local, third);
    expect(refused).toMatchObject({
      code: 'NODE_FULL',
      facts: { ticket: decodeUnverified('ticket+jwt', third).claims.jti },
    });
    const found = verifyProof(proof, local.node.o.key.jkt);
    expect(found).toMatchObject({ tickets: 3, leftOut: 0, refusal: { reason: { code: 'NODE_FULL' } } });
    expect(found.lines).toMatchObject([
      { issuer: AGENT_JKT, statements: 3, over: { excess: { resource: 'memoryMiB', issued: 1536, limit: 1024 } } },
    ]);
    expect(() => verifyProof(proof, AGENT_JKT)).toThrow(Refused); // another node's, says who trusts another key
  });

  test('under a link that may be oversubscribed twofold: nobody is to blame', async () => {
    const local = await start();
    const chain = [rooted({ degreeMilli: 2000 })];
    for (const text of [some({ chain }), some({ chain })]) await local.service.redeem(manager, { ticket: text });
    const { refused, proof } = await refusalOf(local, some({ chain }));
    expect(refused).toMatchObject({ code: 'NODE_FULL' });
    expect(verifyProof(proof).lines).toMatchObject([
      { issuer: AGENT_JKT, degreeMilli: 2000, peak: { memoryMiB: 1536 }, over: null },
    ]);
  });

  test('under a link that was passed on: it names whoever issued from that link, and not who passed it on', async () => {
    const local = await start();
    const below = generateIdentityKey();
    const chain = passedOn(rooted(), below, { ...CAPACITY, memoryMiB: 512 });
    await local.service.redeem(manager, { ticket: some({ chain }, below) });
    const { refused, proof } = await refusalOf(local, some({ chain, resources: DEFAULT_RESOURCES }, below));
    expect(refused).toMatchObject({ code: 'EXCEEDS_PARENT' });
    const { lines } = verifyProof(proof);
    expect(lines.map(({ issuer, over }) => [issuer, over !== null])).toEqual([
      [AGENT_JKT, false],
      [below.jkt, true],
    ]);
  });

  test('is shown to nobody but its holder, and only when it was refused for lack of room', async () => {
    const local = await start();
    await local.service.redeem(manager, { ticket: some() });
    const { iss, jti } = decodeUnverified('ticket+jwt', some()).claims;
    expect(await local.service.refusal(manager, { iss, jti })).toEqual({ proof: null });
    const full = some({ resources: { ...HALF, memoryMiB: 1024 } });
    const { proof } = await refusalOf(local, full);
    const other = { ...manager, kind: 'principal' as const, jkt: generateIdentityKey().jkt };
    const ref = decodeUnverified('ticket+jwt', full).claims;
    expect((await local.service.refusal(other, { iss: ref.iss, jti: ref.jti })).proof).toBeNull();
    expect((await refusalOf(local, some({ end: Math.floor(Date.now() / 1000) + 40 * 86_400 }))).proof).toBeNull();
    expect(verifyProof(proof).tickets).toBe(2);
  });

  test('after a restart the tickets that hold the room are still there to be shown', async () => {
    const first = await start();
    for (const text of [some(), some()]) await first.service.redeem(manager, { ticket: text });
    const again = await start(first.crashed());
    expect(verifyProof((await refusalOf(again, some())).proof).tickets).toBe(3);
  });
});

describe('a document that is no proof', () => {
  test.each([
    ['another format', (p: Proof) => ({ ...p, format: 'meridian-proof/2' }), 'INVALID_INPUT'],
    ['a member more', (p: Proof) => ({ ...p, more: 1 }), 'INVALID_INPUT'],
    ['another node', (p: Proof) => ({ ...p, node: { ...p.node, urn: `${p.node.urn}x` } }), 'WRONG_NODE'],
    [
      'another key of the node',
      (p: Proof) => ({ ...p, node: { ...p.node, publicKey: generateIdentityKey().jwk } }),
      'UNKNOWN_ISSUER',
    ],
    ['the refusal of another ticket', (p: Proof) => ({ ...p, ticket: p.held[0] }), 'STATEMENT_MALFORMED'],
    [
      'a changed ticket',
      (p: Proof) => ({ ...p, held: [`${p.held[0]?.slice(0, -3)}AAA`] }),
      /BAD_SIGNATURE|STATEMENT_MALFORMED/,
    ],
    ['a lease in place of a ticket', (p: Proof) => ({ ...p, held: [p.refusal] }), 'WRONG_TYPE'],
  ])('%s', async (_, change, code) => {
    const local = await start();
    for (const text of [some(), some()]) await local.service.redeem(manager, { ticket: text });
    const { proof } = await refusalOf(local, some());
    expect(() => verifyProof(change(proof))).toThrow(expect.objectContaining({ code: expect.stringMatching(code) }));
  });
});

describe('a standing', () => {
  test('names what lives, and what ended with its window still open, and clears all else whose window is over', async () => {
    const { service, node } = await start();
    await node.keeper.begin();
    const [one, two, renewed] = [
      some({ resources: DEFAULT_RESOURCES }),
      some({ resources: DEFAULT_RESOURCES }),
      newStatementId(),
    ];
    const claims = [one, two].map((text) => decodeUnverified('ticket+jwt', text).claims);
    for (const text of [one, two]) await service.redeem(manager, { ticket: text });
    const unknown = { iss: AGENT_JKT, jti: newStatementId() };
    await service.release(manager, { slice: claims[0]?.slice ?? '', burn: [unknown] });
    await service.renew(manager, {
      ticket: ticket({ ...claims[1], jti: renewed, replaces: claims[1]?.jti, end: (claims[1]?.end ?? 0) + 60 }),
    });
    const { standing } = await service.standing({ ...manager, kind: 'agent', jkt: AGENT_JKT }, { issuer: AGENT_JKT });
    const receipt = verifyStatement('receipt+jwt', standing ?? '', node.o.key.jwk);
    expect(receipt).toMatchObject({ kind: 'standing', issuer: AGENT_JKT, live: [renewed.slice(-8)] });
    expect('ended' in receipt && receipt.ended.toSorted()).toEqual(
      [unknown.jti, claims[0]?.jti, claims[1]?.jti].toSorted(),
    );
    expect(wordOf(receipt, node.o.urn, AGENT_JKT)).toMatchObject({ kind: 'standing' });
    expect(wordOf(receipt, node.o.urn, generateIdentityKey().jkt)).toBeNull();
    expect(wordOf(receipt, `${node.o.urn}x`, AGENT_JKT)).toBeNull();
  });

  test('is signed only once all that it goes by is on the disk', async () => {
    const local = await start();
    const text = some();
    await local.service.redeem(manager, { ticket: text });
    const { slice, jti } = decodeUnverified('ticket+jwt', text).claims;
    void local.service.release(manager, { slice, burn: [] });
    const { standing } = await local.service.standing(manager, { issuer: AGENT_JKT });
    expect(decodeUnverified('receipt+jwt', standing ?? '').claims).toMatchObject({ live: [], ended: [jti] });
    const after = await start(local.crashed());
    expect(after.node.state.leases.size).toBe(0);
  });
});

type Proof = {
  format: string;
  node: { urn: string; publicKey: object };
  refusal: string;
  ticket: string;
  held: string[];
};

/** A chain whose last link the agent signed to another key. */
function passedOn(root: string, to: IdentityKey, rights: typeof CAPACITY): string[] {
  const { claims } = decodeUnverified('delegation+jwt', root);
  const granteeUrn = `${claims.granteeUrn}x`;
  const more = { grantee: to.jwk, granteeUrn, rights, parent: parentHash(root), line: to.jkt };
  return [root, passOn({ ...claims, iss: AGENT_JKT, jti: newStatementId(), ...more })];
}
