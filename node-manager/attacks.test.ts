import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { HardAmounts } from '@/core/resources/vector';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey, type IdentityKey } from '@/protocol/statement/keys';
import { type ChildTerms, signChild } from '@/protocol/statement/pass-on';
import type { TicketClaims } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import { decodeUnverified } from '@/protocol/statement/verify';
import type { Peer } from '@/protocol/trpc';
import { newStatementId } from './lease/redeem';
import { CAPACITY, codeOf, keys, manager, NODE, SLICE, start, ticket } from './testing/local-node';

type Node = Awaited<ReturnType<typeof start>>;
const code = async (call: Promise<unknown>) => String(await codeOf(call));
const redeem = (node: Node, text: string, by: Peer = manager) => code(node.service.redeem(by, { ticket: text }));
const claimsOf = (text: string): TicketClaims => decodeUnverified('ticket+jwt', text).claims;
/** Another ticket under the same id. */
const retold = (text: string, over: Partial<TicketClaims>) =>
  signStatement('ticket+jwt', { ...claimsOf(text), ...over }, keys.agent);
const thief: Peer = { kind: 'principal', urn: 'urn:publicid:IDN+meridian+user+eve', jkt: generateIdentityKey().jkt };
const other = `${SLICE}_two`;
const release = (node: Node) =>
  Promise.all([...node.node.state.leases.values()].map((lease) => node.node.end(lease, 'released')));
const seconds = () => Math.floor(Date.now() / 1000);
const born = (node: Node, incarnation = newStatementId()) =>
  node.ledger.record(NODE, { t: 'born', at: Date.now(), incarnation });

/** Each attack: what is done to a node, and the codes that its answers must be. `done`: it was taken, as it must be. */
const ATTACKS: [name: string, codes: string[], attack: () => Promise<string[]>][] = [
  ['a redeemed ticket again: the same lease', ['done', 'done', '1 lease'], async () => {
    const [node, text] = [await start(), ticket()];
    const codes = [await redeem(node, text), await redeem(node, text)];
    return [...codes, `${node.node.state.leases.size} lease`];
  }],
  ['the same id for another slice', ['done', 'TICKET_SPENT'], async () => {
    const [node, text] = [await start(), ticket()];
    return [await redeem(node, text), await redeem(node, retold(text, { slice: other }))];
  }],
  ['the same id for other amounts', ['done', 'TICKET_SPENT'], async () => {
    const [node, text] = [await start(), ticket()];
    return [await redeem(node, text), await redeem(node, retold(text, { resources: { ...DEFAULT_RESOURCES, cpuMilli: 1 } }))];
  }],
  ['a redeemed ticket after its lease was released', ['done', 'TICKET_SPENT'], async () => {
    const [node, text] = [await start(), ticket()];
    const first = await redeem(node, text);
    await release(node);
    return [first, await redeem(node, text)];
  }],
  ['a ticket that was burnt unredeemed', ['TICKET_BURNT'], async () => {
    const [node, text] = [await start(), ticket()];
    const { iss, jti } = claimsOf(text);
    await node.service.release(manager, { slice: SLICE, burn: [{ iss, jti }] });
    return [await redeem(node, text)];
  }],
  ['a redeemed ticket after a crash and restart', ['done', 'done', 'TICKET_SPENT'], async () => {
    const [node, text] = [await start(), ticket()];
    const first = await redeem(node, text);
    const later = await start(node.crashed());
    return [first, await redeem(later, text), await redeem(later, retold(text, { slice: other }))];
  }],
  ['a released ticket after a crash and restart', ['TICKET_SPENT'], async () => {
    const [node, text] = [await start(), ticket()];
    await redeem(node, text);
    await release(node);
    return [await redeem(await start(node.crashed()), text)];
  }],
  ['a redeemed ticket after a restore that forgot it', ['done', 'WRONG_INCARNATION'], async () => {
    const [node, text] = [await start(), ticket()];
    const backup = node.crashed();
    const first = await redeem(node, text);
    const restored = await start(backup);
    await born(restored); // what follows when its agent, or its own mark, says that it was further: incarnation.host.test.ts
    return [first, await redeem(restored, text)];
  }],
  ['a ticket of an earlier incarnation', ['WRONG_INCARNATION'], async () => {
    const [node, text] = [await start(), ticket()];
    await born(node);
    return [await redeem(node, text)];
  }],
  ['a ticket whose window is over, after the clock was set back', ['EXPIRED', 'EXPIRED', 'EXPIRED'], async () => {
    const time = { now: Date.now() };
    const [node, text] = [await start('journal', () => time.now), ticket()];
    time.now += 901_000; // window and skew
    const first = await redeem(node, text);
    time.now -= 901_000;
    const second = await redeem(node, text);
    return [first, second, await redeem(await start(node.crashed(), () => time.now), text)];
  }],
  ['a ticket shown by another than its holder', ['WRONG_HOLDER'], async () =>
    [await redeem(await start(), ticket(), thief)]],
  ['a ticket of an agent whose key was revoked', ['REVOKED'], async () => {
    const node = await start();
    const policy = { t: 'policy' as const, at: Date.now(), adminSwitch: 'open' as const };
    await node.ledger.record(NODE, { ...policy, revokedKeys: [keys.agent.jkt] });
    return [await redeem(node, ticket())];
  }],
  ['a renewal as a new ticket, and a new ticket as a renewal', ['WRONG_STATE', 'RENEWAL_MISMATCH'], async () => {
    const node = await start();
    const renewal = await redeem(node, ticket({ replaces: newStatementId() }));
    await redeem(node, ticket());
    return [renewal, await code(node.service.renew(manager, { ticket: ticket() }))];
  }],
  ['a renewal of another slice’s lease', ['done', 'RENEWAL_MISMATCH'], async () => {
    const [node, text] = [await start(), ticket()];
    const first = await redeem(node, text);
    const renewal = ticket({ slice: other, replaces: claimsOf(text).jti, end: seconds() + 7200 });
    return [first, await code(node.service.renew(manager, { ticket: renewal }))];
  }],
  ['small tickets over siblings, together more than their parent', [...Array(8).fill('done'), 'EXCEEDS_PARENT'], async () => {
    const node = await start();
    const [half, a, b] = [generateIdentityKey(), generateIdentityKey(), generateIdentityKey()];
    const root = claimsOf(ticket()).chain;
    const given = child(root, keys.agent, half, eighths(2));
    const siblings = [child(given, half, a, eighths(2)), child(given, half, b, eighths(2))];
    const codes: string[] = [];
    for (let i = 0; i < 9; i++) codes.push(await redeem(node, small(siblings[i % 2] ?? [], i % 2 ? b : a, i)));
    return codes;
  }],
  ['a line renewed under its leases, to begin an empty book', ['done', 'EXCEEDS_PARENT', 'EXCEEDS_PARENT'], async () => {
    const node = await start();
    const to = generateIdentityKey();
    const root = claimsOf(ticket()).chain;
    const first = child(root, keys.agent, to, { rights: part(1) });
    const line = decodeUnverified('delegation+jwt', first[1] ?? '').claims.line ?? '';
    const again = child(root, keys.agent, to, { rights: part(1), line });
    const anew = child(claimsOf(ticket()).chain, keys.agent, to, { rights: part(1), line }); // under a renewed root
    const codes = [await redeem(node, small(first, to, 0, 1))];
    for (const chain of [again, anew]) codes.push(await redeem(node, small(chain, to, codes.length, 1)));
    return codes;
  }],
  ['new roots to the same agent, to begin an empty book', ['done', 'NODE_FULL', 'EXCEEDS_PARENT'], async () => {
    const node = await start();
    const amounts = { ...DEFAULT_RESOURCES, ...CAPACITY };
    const first = await redeem(node, ticket({ resources: amounts }));
    const second = await redeem(node, ticket({ slice: other, resources: amounts }));
    node.node.books.limit({ ...CAPACITY, cpuMilli: 9000, memoryMiB: 90_000, diskMiB: 90_000, networkKbps: 900_000 }, null);
    return [first, second, await redeem(node, ticket({ slice: other, resources: amounts }))];
  }],
]; // biome-ignore format: a table of attacks

const part = (eighth: number): HardAmounts => {
  const of = (n: number) => (n * eighth) / 8;
  const { cpuMilli, memoryMiB, diskMiB, networkKbps } = CAPACITY;
  return { cpuMilli: of(cpuMilli), memoryMiB: of(memoryMiB), diskMiB: of(diskMiB), networkKbps: of(networkKbps) };
};
const eighths = (n: number) => ({ rights: part(n) });

/** The chain with a link more. */
function child(chain: readonly string[], by: IdentityKey, to: IdentityKey, over: Partial<ChildTerms>): string[] {
  const { nbf, exp } = decodeUnverified('delegation+jwt', chain.at(-1) ?? '').claims;
  const grantee = { grantee: to.jwk, granteeUrn: 'urn:publicid:IDN+meridian+authority+am.other' };
  const terms = { ...grantee, rights: CAPACITY, degreeMilli: 1000, nbf, exp, ...over };
  return [...chain, signChild(chain, terms, by).text];
}

/** A ticket for an eighth of a quarter of the node (or so many eighths of the node), for a slice of its own. */
function small(chain: string[], by: IdentityKey, i: number, eighth = 0.25): string {
  const resources = { ...DEFAULT_RESOURCES, ...part(eighth), cpuMilli: Math.floor(part(eighth).cpuMilli) };
  const claims = { ...claimsOf(ticket({ slice: `${SLICE}_${i}`, resources })), iss: by.jkt, chain };
  return signStatement('ticket+jwt', claims, by);
}

describe('a node is shown', () => {
  test.each(ATTACKS)('%s', async (_name, codes, attack) => {
    expect(await attack()).toEqual(codes);
  });
});

test('the table in the documents names each of them, and nothing else', () => {
  const page = readFileSync(new URL('../docs/attacks.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('## On a node'), page.indexOf('## By call'));
  const rows = [...section.matchAll(/^\| (.*) \| (.*) \|$/gm)]
    .map(([, name]) => name)
    .filter((name) => name !== 'Shown' && name !== '---');
  expect(rows).toEqual(ATTACKS.map(([name]) => name));
});
