import { MAX_CHAIN_LINKS } from '@/core/statement/bounds';
import { parentHash } from '@/protocol/statement/delegation';
import type { DelegationClaims } from '@/protocol/statement/schemas';
import { AMOUNTS, NODE_URN, RESOURCES, RIGHTS, statementWorld } from '../statements';
import { type Attack, type AttackGroup, three, world as w } from './attack';
import { payloadOf, sealed, signedAs, WEAK_POINTS, WEAK_SIGNATURE } from './forge';

const { node, agent, holder } = w.keys;
const [root = '', second = '', third = ''] = three.chain;
const [, k1 = node, k2 = node] = three.keys;
const shown = (name: string, chain: string[], code: string, says?: RegExp): Attack => {
  return {
    name,
    make: () => signedAs('ticket+jwt', { ...w.ticketClaims(), chain }, agent),
    code,
    ...(says && { says }),
  };
};
const broken = (name: string, ...chain: string[]) => shown(name, chain, 'CHAIN_BROKEN');
/** A chain of two of which the second link says something else than it may. */
const second2 = (name: string, over: Partial<DelegationClaims>, code: string): Attack => ({
  name,
  make: () => w.ticket({ chain: w.chained(2, (i) => (i === 1 ? over : {})).chain }),
  code,
});
const link = (by: typeof node, to: typeof node, over: Partial<DelegationClaims> = {}, parent?: string) =>
  w.delegation({ grantee: to.jwk, ...(parent !== undefined && { parent: parentHash(parent) }), ...over }, by);

const orders: Attack[] = [
  broken('the second and third link swapped', root, third, second),
  broken('the root last', second, third, root),
  broken('in the opposite order', third, second, root),
  broken('without the root', second, third),
  broken('without the middle', root, third),
  shown('without the last', [root, second], 'UNKNOWN_ISSUER'),
  shown('the root alone', [root], 'UNKNOWN_ISSUER'),
  broken('a root behind a chain', root, second, third, w.root),
  broken('the same link twice', root, second, second, third),
  broken('the root twice', root, root, second, third),
  broken('a link’s parent replaced by its sibling', link(node, k1), second, third),
  broken('a link renewed under its child', root, link(k1, k2, {}, root), third),
  broken('a root with a parent', link(node, agent, {}, root)),
  broken('a child without a parent', root, link(k1, agent)),
  broken('a parent that is nowhere', root, link(k1, agent, { parent: 'A'.repeat(43) })),
  shown('a text that is no delegation', ['a.b.c'], 'STATEMENT_MALFORMED', /64 bytes/),
  shown('a parent of another key under a link of the sender', [w.root, link(k1, agent, {}, w.root)], 'UNKNOWN_ISSUER'),
];

const loops: Attack[] = [
  { name: 'a link that goes back to its giver', make: () => loop(k1, node), code: 'CHAIN_BROKEN' },
  { name: 'a link to its own key', make: () => loop(k1, k1), code: 'CHAIN_BROKEN' },
  { name: 'a root of the node to itself', make: () => rootLoop(), code: 'CHAIN_BROKEN' },
  { name: 'a circle of two, around and around', make: circle, code: 'CHAIN_BROKEN' },
  { name: 'a link that names its own text', make: () => selfNamed(), code: 'CHAIN_BROKEN' },
  shown('nine links', w.chained(MAX_CHAIN_LINKS + 1).chain, 'CHAIN_TOO_DEEP'),
  shown('nine links, none of them signed', Array(9).fill('a.b.c'), 'CHAIN_TOO_DEEP'),
  {
    name: 'a chain in a chain, as before',
    make: () => w.ticket({ chain: [signedAs('delegation+jwt', { ...w.delegationClaims(), parent: w.root }, node)] }),
    code: 'STATEMENT_MALFORMED',
    says: /parent/,
  },
];

function loop(from: typeof node, to: typeof node): string {
  const back = link(from, to, {}, root);
  return signedAs('ticket+jwt', { ...w.ticketClaims(), chain: [root, back, link(to, agent, {}, back)] }, agent);
}
function rootLoop(): string {
  const self = link(node, node);
  return w.ticket({ chain: [self, link(node, agent, {}, self)] });
}
function circle(): string {
  const chain = [root];
  for (let i = 0; i < 6; i++) chain.push(i % 2 ? link(k2, k1, {}, chain.at(-1)) : link(k1, k2, {}, chain.at(-1)));
  return signedAs('ticket+jwt', { ...w.ticketClaims({}), iss: k1.jkt, chain }, k1);
}
/** Nobody can sign a text that holds its own hash; the best that can be had is the hash of what it would be without it. */
function selfNamed(): string {
  const claims = w.delegationClaims({ iss: node.jkt });
  const without = signedAs('delegation+jwt', claims, node);
  return w.ticket({ chain: [signedAs('delegation+jwt', { ...claims, parent: parentHash(without) }, node)] });
}

const widening: Attack[] = [
  second2('more CPU than above', { rights: { ...RIGHTS, cpuMilli: RIGHTS.cpuMilli + 1 } }, 'EXCEEDS_PARENT'),
  second2('more memory than above', { rights: { ...RIGHTS, memoryMiB: RIGHTS.memoryMiB + 1 } }, 'EXCEEDS_PARENT'),
  second2('more disk than above', { rights: { ...RIGHTS, diskMiB: RIGHTS.diskMiB + 1 } }, 'EXCEEDS_PARENT'),
  second2('more network than above', { rights: { ...RIGHTS, networkKbps: RIGHTS.networkKbps + 1 } }, 'EXCEEDS_PARENT'),
  second2('a greater degree than above', { degreeMilli: 2001 }, 'EXCEEDS_PARENT'),
  second2('longer than above', { exp: w.seconds + 86_400 * 60 + 1 }, 'EXCEEDS_PARENT'),
  second2('earlier than above', { nbf: w.seconds - 3601 }, 'EXCEEDS_PARENT'),
  second2('another node in the middle', { node: `${NODE_URN}x` }, 'WRONG_NODE'),
  second2('another incarnation in the middle', { incarnation: 'another-incarnation' }, 'WRONG_INCARNATION'),
  second2('a link that is over', { nbf: w.seconds - 3600, exp: w.seconds - 600 }, 'EXPIRED'),
  second2('a link to come', { nbf: w.seconds + 600 }, 'NOT_YET_VALID'),
  second2('a link that ends before it starts', { nbf: w.seconds, exp: w.seconds }, 'STATEMENT_MALFORMED'),
  {
    name: 'a ticket for more than the last link, though the root has it',
    make: () =>
      w.ticket({
        chain: w.chained(2, (i) => (i === 1 ? { rights: AMOUNTS } : {})).chain,
        resources: { ...RESOURCES, diskMiB: AMOUNTS.diskMiB + 1 },
      }),
    code: 'EXCEEDS_PARENT',
  },
  {
    name: 'a ticket longer than the last link, by its grace',
    make: () => w.ticket({ end: w.seconds + 86_400 * 59, graceSeconds: 86_401 }),
    code: 'EXCEEDS_PARENT',
  },
  {
    name: 'a ticket by one in the middle of the chain',
    make: () => signedAs('ticket+jwt', { ...w.ticketClaims(), iss: k1.jkt, chain: three.chain }, k1),
    code: 'UNKNOWN_ISSUER',
  },
  { name: 'a ticket by its holder', make: () => w.ticket({}, holder), code: 'UNKNOWN_ISSUER' },
  {
    name: 'a link by one who was given nothing',
    make: () => w.ticket({ chain: [root, link(holder, agent, {}, root)] }),
    code: 'UNKNOWN_ISSUER',
  },
  {
    name: 'a link by the agent in the node’s name',
    make: () => w.ticket({ chain: [signedAs('delegation+jwt', { ...w.delegationClaims(), iss: agent.jkt }, agent)] }),
    code: 'UNKNOWN_ISSUER',
  },
];

const keys: Attack[] = WEAK_POINTS.flatMap(([what, hex]) => {
  const jwk = { kty: 'OKP' as const, crv: 'Ed25519' as const, x: Buffer.from(hex, 'hex').toString('base64url') };
  return [
    {
      name: `a delegation to a key of ${what}`,
      make: () => w.ticket({ chain: [link(node, { ...agent, jwk })] }),
      code: 'STATEMENT_MALFORMED',
      says: /nobody can own/,
    },
    {
      name: `a node whose key is of ${what}, and a root that anyone can sign`,
      make: () =>
        w.ticket({
          chain: [
            sealed(
              JSON.parse(Buffer.from(w.root.split('.')[0] ?? '', 'base64url').toString()),
              payloadOf(w.root),
              () => WEAK_SIGNATURE,
            ),
          ],
        }),
      over: () => ({ nodeJwk: jwk }),
      code: 'STATEMENT_MALFORMED',
      says: /nobody can own/,
    },
  ];
});

const elsewhere = statementWorld(w.now);
const renewed = w.delegation({ rights: AMOUNTS });
const under = (parent: string) => w.delegation({ grantee: agent.jwk, parent: parentHash(parent), rights: AMOUNTS }, k1);
const wide = link(node, k1);
const narrow = link(node, k1, { rights: AMOUNTS });
const places: Attack[] = [
  { name: 'a ticket for another node, shown to this one', make: () => w.ticket({ aud: `${NODE_URN}x` }), code: 'WRONG_NODE' },
  { name: 'a ticket for this node, shown to another', make: () => w.ticket(), over: () => ({ nodeUrn: `${NODE_URN}x` }), code: 'WRONG_NODE' },
  { name: 'a chain that belongs to another node', make: () => w.ticket({ chain: [elsewhere.delegation({ grantee: agent.jwk })] }), code: 'UNKNOWN_ISSUER' },
  { name: 'a chain that belongs to another node, under this one’s name and key id', make: () => w.ticket({ chain: [signedAs('delegation+jwt', w.delegationClaims(), { ...elsewhere.keys.node, jkt: node.jkt })] }), code: 'BAD_SIGNATURE' },
  { name: 'a node of the same name in another deployment', make: () => elsewhere.ticket({ cnf: { jkt: holder.jkt } }), code: 'UNKNOWN_ISSUER' },
  { name: 'a ticket of before the node’s journal was restored', make: () => w.ticket(), over: () => ({ incarnation: 'after-the-restore' }), code: 'WRONG_INCARNATION' },
  { name: 'a ticket shown by another than its holder', make: () => w.ticket(), over: () => ({ holderJkt: agent.jkt }), code: 'WRONG_HOLDER' },
  { name: 'a ticket for a slice of another deployment than its agent’s', make: () => w.ticket({ slice: 'urn:publicid:IDN+other:lab+slice+lab_a' }), code: 'WRONG_AUTHORITY' },
  { name: 'a ticket in the name of another deployment’s user', make: () => w.ticket({ sub: 'urn:publicid:IDN+other+user+ada' }), code: 'WRONG_AUTHORITY' },
  { name: 'a ticket over its redeem window', make: () => w.ticket(), over: () => ({ now: (w.seconds + 3600 + 300) * 1000 }), code: 'EXPIRED' },
  { name: 'a ticket before its redeem window', make: () => w.ticket(), over: () => ({ now: (w.seconds - 300) * 1000 - 1 }), code: 'NOT_YET_VALID' },
  { name: 'a ticket whose lease would be over', make: () => w.ticket({ start: w.seconds - 60, end: w.seconds }), code: 'LEASE_OVER' },
  { name: 'a child under the parent that replaced its own', make: () => w.ticket({ chain: [narrow, under(wide)] }), code: 'CHAIN_BROKEN' },
  { name: 'a child that claims what its parent had before it was narrowed', make: () => w.ticket({ chain: [narrow, link(k1, agent, {}, narrow)] }), code: 'EXCEEDS_PARENT' },
  { name: 'a ticket beyond the delegation that replaced a wider one', make: () => w.ticket({ chain: [renewed], resources: { ...RESOURCES, cpuMilli: AMOUNTS.cpuMilli + 1 } }), code: 'EXCEEDS_PARENT' },
  ...[['the node', node], ['one in the middle', k1], ['the agent', agent], ['the holder', holder]].map(([who, key]) => ({
    name: `a revoked key: ${who as string}`,
    make: () => w.ticket({ chain: three.chain }),
    over: () => ({ revokedKeys: new Set([(key as typeof node).jkt]) }),
    code: 'REVOKED',
  })),
]; // biome-ignore format: a table

/** Attacks on who gave what to whom, and where and when it is shown. */
export const CHAIN_ATTACKS: AttackGroup[] = [
  { group: 'Links out of order', attacks: orders },
  { group: 'Loops and depth', attacks: loops },
  { group: 'More than was given', attacks: widening },
  { group: 'Keys that nobody owns', attacks: keys },
  { group: 'Another node, time, holder or deployment', attacks: places },
];
