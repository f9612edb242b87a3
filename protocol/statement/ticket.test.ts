import { describe, expect, test } from 'vitest';
import { MAX_CHAIN_LINKS, MAX_DELEGATION_BYTES, MAX_STATEMENT_BYTES, SKEW_SECONDS } from '@/core/statement/bounds';
import { refusalOf } from '@/test/refused';
import { AMOUNTS, NODE_URN, newId, RESOURCES, RIGHTS, statementWorld } from '@/test/statements';
import { parentHash, verifyDelegation } from './delegation';
import { generateIdentityKey } from './keys';
import { judgeLease, verifyLease, verifyReceipt } from './lease';
import type { DelegationClaims, TicketClaims } from './schemas';
import { signStatement } from './sign';
import { type TicketVerifyContext, verifyTicket, verifyTicketAsync } from './ticket';

const w = statementWorld();
const outcome = (text: string, over: Partial<TicketVerifyContext> = {}) =>
  refusalOf(() => verifyTicket(text, { ...w.context, ...over }));
const at = (seconds: number): Partial<TicketVerifyContext> => ({ now: seconds * 1000 });

describe('a ticket', () => {
  test('holds, and gives its chain, root first', async () => {
    const { chain: texts, keys } = w.chained(3);
    const text = w.ticket({ chain: texts });
    const { claims, chain } = verifyTicket(text, w.context);
    expect(claims.chain).toEqual(texts);
    expect(chain.map((l) => l.text)).toEqual(texts);
    expect(chain.map((l) => [l.iss, l.granteeJkt])).toEqual([0, 1, 2].map((i) => [keys[i]?.jkt, keys[i + 1]?.jkt]));
    expect(await verifyTicketAsync(text, w.context)).toEqual({ claims, chain });
  });

  test.each<[string, () => string, Partial<TicketVerifyContext>, string]>([
    ['for another node', () => w.ticket({ aud: `${NODE_URN}x` }), {}, 'WRONG_NODE'],
    ['shown to another node', () => w.ticket(), { nodeUrn: `${NODE_URN}x` }, 'WRONG_NODE'],
    [
      'whose chain starts at another node’s key',
      () => w.ticket(),
      { nodeJwk: generateIdentityKey().jwk },
      'UNKNOWN_ISSUER',
    ],
    ['shown by another holder', () => w.ticket(), { holderJkt: generateIdentityKey().jkt }, 'WRONG_HOLDER'],
    ['of an earlier incarnation', () => w.ticket(), { incarnation: 'another-incarnation' }, 'WRONG_INCARNATION'],
    ['signed by one who was delegated nothing', () => w.ticket({}, generateIdentityKey()), {}, 'UNKNOWN_ISSUER'],
    ['signed by the holder', () => w.ticket({}, w.keys.holder), {}, 'UNKNOWN_ISSUER'],
    ['with the agent’s name but another’s signature', () => forged(), {}, 'BAD_SIGNATURE'],
    ['of a revoked agent', () => w.ticket(), { revokedKeys: new Set([w.keys.agent.jkt]) }, 'REVOKED'],
    ['of a revoked holder', () => w.ticket(), { revokedKeys: new Set([w.keys.holder.jkt]) }, 'REVOKED'],
    ['of a revoked node key', () => w.ticket(), { revokedKeys: new Set([w.keys.node.jkt]) }, 'REVOKED'],
    [
      'for more than delegated',
      () => w.ticket({ resources: { ...RESOURCES, memoryMiB: RIGHTS.memoryMiB + 1 } }),
      {},
      'EXCEEDS_PARENT',
    ],
    [
      'with a term past the delegation’s',
      () => w.ticket({ end: w.seconds + 86_400 * 59, graceSeconds: 86_401 }),
      {},
      'EXCEEDS_PARENT',
    ],
    ['with a term before the delegation’s', () => w.ticket({ start: w.seconds - 3601 }), {}, 'EXCEEDS_PARENT'],
    ['with a window past the delegation’s', () => w.ticket({ exp: w.seconds + 86_400 * 60 + 1 }), {}, 'EXCEEDS_PARENT'],
    ['with an empty term', () => w.ticket({ end: w.seconds }), {}, 'STATEMENT_MALFORMED'],
    ['with an empty window', () => w.ticket({ exp: w.seconds }), {}, 'STATEMENT_MALFORMED'],
    ['whose lease would be over', () => w.ticket({ start: w.seconds - 60, end: w.seconds }), {}, 'LEASE_OVER'],
    ['with a delegation that is none', () => w.ticket({ chain: ['a.b.c'] }), {}, 'STATEMENT_MALFORMED'],
    [
      'with itself as delegation',
      () => w.ticket({ chain: [w.ticket({ slice: 'urn:publicid:IDN+m+slice+s' })] }),
      {},
      'WRONG_TYPE',
    ],
  ])('%s is refused', (_what, make, over, code) => {
    expect(outcome(make(), over)).toBe(code);
  });

  test('is valid in its window, 300 s of skew on each side, not a millisecond more', () => {
    const text = w.ticket({ nbf: w.seconds, exp: w.seconds + 3600 });
    expect(outcome(text, at(w.seconds - SKEW_SECONDS))).toBe('accepted');
    expect(outcome(text, { now: (w.seconds - SKEW_SECONDS) * 1000 - 1 })).toBe('NOT_YET_VALID');
    expect(outcome(text, { now: (w.seconds + 3600 + SKEW_SECONDS) * 1000 - 1 })).toBe('accepted');
    expect(outcome(text, at(w.seconds + 3600 + SKEW_SECONDS))).toBe('EXPIRED');
  });

  test('a link that held before is judged anew each time', () => {
    const text = w.ticket();
    expect(outcome(text)).toBe('accepted');
    expect(outcome(text, { revokedKeys: new Set([w.keys.agent.jkt]) })).toBe('REVOKED');
    expect(outcome(text, { incarnation: 'another-incarnation' })).toBe('WRONG_INCARNATION');
    expect(outcome(text)).toBe('accepted');
  });
});

/** Claims that name the agent, signed by somebody else under the agent's thumbprint. */
function forged(): string {
  const thief = generateIdentityKey();
  return signStatement('ticket+jwt', w.ticketClaims(), { privateKey: thief.privateKey, jkt: w.keys.agent.jkt });
}

describe('a chain', () => {
  test('may be as long as allowed, and no longer', () => {
    expect(outcome(w.ticket({ chain: w.chained(MAX_CHAIN_LINKS).chain }))).toBe('accepted');
    expect(refusalOf(() => w.ticket({ chain: w.chained(MAX_CHAIN_LINKS + 1).chain }))).toBe('CHAIN_TOO_DEEP');
  });

  test('that is too long is refused before a signature is looked at', () => {
    const { chain } = w.chained(MAX_CHAIN_LINKS + 1);
    const code = refusalOf(() => verifyDelegation(chain, { ...w.context, nodeJwk: generateIdentityKey().jwk }));
    expect(code).toBe('CHAIN_TOO_DEEP');
  });

  test('of the longest names and amounts fits into a ticket of the same, eight links long', () => {
    const urn = (kind: string) => `urn:publicid:IDN+${'m'.repeat(60)}+${kind}+`.padEnd(256, 'x');
    const most = { cpuMilli: 1e6, memoryMiB: 16e6, diskMiB: 5e8, networkKbps: 3e8 };
    const long = { node: urn('node'), granteeUrn: urn('authority'), incarnation: 'i'.repeat(64), rights: most };
    const { chain } = w.chained(MAX_CHAIN_LINKS, () => ({
      ...long, degreeMilli: 100_000, jti: newId().repeat(3).slice(0, 64), line: 'l'.repeat(64),
    })); // biome-ignore format: claims
    const text = w.ticket({
      chain, aud: urn('node'), sub: urn('user'), slice: urn('slice'), jti: 'j'.repeat(64), replaces: 'r'.repeat(64),
      resources: { ...RESOURCES, ...most, image: 'i'.repeat(64) },
    }); // biome-ignore format: claims
    expect(outcome(text, { nodeUrn: urn('node'), incarnation: 'i'.repeat(64) })).toBe('accepted');
    expect(text.length).toBeLessThan(MAX_STATEMENT_BYTES - 4096);
    for (const link of chain) expect(link.length).toBeLessThan(MAX_DELEGATION_BYTES);
    expect(MAX_CHAIN_LINKS * MAX_DELEGATION_BYTES * (4 / 3)).toBeLessThan(MAX_STATEMENT_BYTES - 5000);
  });

  test.each<[string, Partial<DelegationClaims>, string]>([
    ['more CPU', { rights: { ...RIGHTS, cpuMilli: RIGHTS.cpuMilli + 1 } }, 'EXCEEDS_PARENT'],
    ['more network', { rights: { ...RIGHTS, networkKbps: RIGHTS.networkKbps + 1 } }, 'EXCEEDS_PARENT'],
    ['a greater degree', { degreeMilli: 2001 }, 'EXCEEDS_PARENT'],
    ['a longer term', { exp: w.seconds + 86_400 * 60 + 1 }, 'EXCEEDS_PARENT'],
    ['an earlier term', { nbf: w.seconds - 3601 }, 'EXCEEDS_PARENT'],
    ['another node', { node: `${NODE_URN}x` }, 'WRONG_NODE'],
    ['another incarnation', { incarnation: 'another-incarnation' }, 'WRONG_INCARNATION'],
    ['a term that is past', { nbf: w.seconds - 3600, exp: w.seconds - 600 }, 'EXPIRED'],
    ['a term to come', { nbf: w.seconds + 600 }, 'NOT_YET_VALID'],
  ])('with %s in its second link is refused', (_what, over, code) => {
    expect(outcome(w.ticket({ chain: w.chained(2, (i) => (i === 1 ? over : {})).chain }))).toBe(code);
  });

  test('with less in its second link grants no more than that', () => {
    const { chain } = w.chained(2, (i) => (i === 1 ? { rights: AMOUNTS, degreeMilli: 1000 } : {}));
    expect(outcome(w.ticket({ chain }))).toBe('accepted');
    expect(outcome(w.ticket({ chain, resources: { ...RESOURCES, cpuMilli: AMOUNTS.cpuMilli + 1 } }))).toBe(
      'EXCEEDS_PARENT',
    );
  });

  test('spliced from parts that do not belong together is refused', () => {
    const stranger = generateIdentityKey();
    // The stranger puts a real root under a link of its own, though the root was given to the agent.
    const spliced = w.delegation({ grantee: w.keys.agent.jwk, parent: parentHash(w.root) }, stranger);
    expect(outcome(w.ticket({ chain: [w.root, spliced] }))).toBe('UNKNOWN_ISSUER');
    // A root that the node never signed.
    const invented = w.delegation({ grantee: w.keys.agent.jwk }, stranger);
    expect(outcome(w.ticket({ chain: [invented] }))).toBe('UNKNOWN_ISSUER');
  });
});

describe('a delegation, as its agent takes it in', () => {
  const context = { ...w.context, granteeJkt: w.keys.agent.jkt };
  test('holds for its grantee alone; the incarnation may be unknown', () => {
    expect(verifyDelegation([w.root], context).claims.degreeMilli).toBe(2000);
    expect(verifyDelegation([w.root], { ...context, incarnation: null }).chain).toHaveLength(1);
    expect(refusalOf(() => verifyDelegation([w.root], { ...context, granteeJkt: w.keys.holder.jkt }))).toBe(
      'WRONG_HOLDER',
    );
  });
});

describe('a lease', () => {
  const ticket: TicketClaims = w.ticketClaims();
  const context = { nodeUrn: NODE_URN, nodeJwk: w.keys.node.jwk, incarnation: w.incarnation, ticket };
  const lease = (over = {}, by = w.keys.node) =>
    signStatement('lease+jwt', w.leaseFor(ticket, { iss: by.jkt, ...over }), by);
  const code = (text: string, over = {}) => refusalOf(() => verifyLease(text, { ...context, ...over }));

  test('holds when it is what the ticket promised, or less', () => {
    expect(code(lease())).toBe('accepted');
    expect(code(lease({ end: ticket.end - 60, resources: { ...RESOURCES, cpuMilli: 1 } }))).toBe('accepted');
  });

  test.each<[string, object, string]>([
    ['a later end', { end: ticket.end + 1 }, 'EXCEEDS_PARENT'],
    ['an earlier start', { start: ticket.start - 1 }, 'EXCEEDS_PARENT'],
    ['more grace', { graceSeconds: ticket.graceSeconds + 1 }, 'EXCEEDS_PARENT'],
    ['more memory', { resources: { ...RESOURCES, memoryMiB: RESOURCES.memoryMiB + 1 } }, 'EXCEEDS_PARENT'],
    ['another holder', { cnf: { jkt: w.keys.agent.jkt } }, 'WRONG_HOLDER'],
    ['another slice', { slice: 'urn:publicid:IDN+m+slice+x' }, 'STATEMENT_MALFORMED'],
    ['another principal', { sub: 'urn:publicid:IDN+m+user+eve' }, 'STATEMENT_MALFORMED'],
    ['another image', { resources: { ...RESOURCES, image: 'debian' } }, 'STATEMENT_MALFORMED'],
    ['another ticket', { ticket: { iss: ticket.iss, jti: 'x'.repeat(22) } }, 'STATEMENT_MALFORMED'],
    ['another node', { node: `${NODE_URN}x` }, 'WRONG_NODE'],
    ['another incarnation', { incarnation: 'another-incarnation' }, 'WRONG_INCARNATION'],
    ['an empty term', { start: ticket.end }, 'STATEMENT_MALFORMED'],
  ])('with %s is refused', (_what, over, expected) => {
    expect(code(lease(over))).toBe(expected);
  });

  test('of another key is refused; without a ticket only its origin is judged', () => {
    expect(code(lease({}, w.keys.agent))).toBe('UNKNOWN_ISSUER');
    expect(code(lease({ end: ticket.end + 1 }), { ticket: undefined })).toBe('accepted');
    expect(refusalOf(() => judgeLease(w.leaseFor(ticket), ticket))).toBe('accepted');
  });

  test('its receipt is for its own ticket', () => {
    const receipt = signStatement('receipt+jwt', w.receiptFor(ticket), w.keys.node);
    expect(refusalOf(() => verifyReceipt(receipt, context))).toBe('accepted');
    expect(refusalOf(() => verifyReceipt(receipt, { ...context, ticket: w.ticketClaims() }))).toBe(
      'STATEMENT_MALFORMED',
    );
    expect(refusalOf(() => verifyReceipt(receipt, { ...context, nodeJwk: w.keys.agent.jwk }))).toBe('UNKNOWN_ISSUER');
  });
});
