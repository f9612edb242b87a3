import { beforeAll, describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import type { SliceState } from '@/protocol/api/common';
import { proveChallenge, registrationChallenge } from '@/protocol/pki/challenge';
import { generateIdentityKey } from '@/protocol/statement/keys';
import { insertKey } from '@/server/data/ssh-keys';
import { log } from '@/server/log';
import { issueInvite } from '@/server/services/invites/issue-invite';
import type { Person } from '@/server/services/policy';
import { requestSlice } from '@/server/services/requests/request-slice';
import { createToken } from '@/server/services/tokens/create-token';
import { seedNodes, seedPerson, seedQueue, seedSite, someSpec } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import type { Context } from './context';
import { appRouter, createCaller } from './root';

/**
 * Who gets what from every procedure of the API. A procedure without a row here, or a row without a procedure, fails; so does a
 * permission that lets in anybody else.
 */
const { db, url } = await testPrisma();
process.env.DATABASE_URL = url;
process.env.BETTER_AUTH_SECRET ??= 'x'.repeat(32);

const ROLES = ['anonymous', 'researcher', 'member', 'pi', 'piElsewhere', 'tech', 'operator'] as const;
type Role = (typeof ROLES)[number];
/** `yes`: whatever comes of it, it was not access that ended it. */
type Answer = 'yes' | 'NOT_SIGNED_IN' | 'NOT_FOUND' | 'NOT_ALLOWED' | 'OWN_REQUEST';
type Row = { answers: Record<Role, Answer>; input?: (by: Person | null) => Promise<unknown> | unknown };

const [no, nf, na] = ['NOT_SIGNED_IN', 'NOT_FOUND', 'NOT_ALLOWED'] as const;
/** The answers in the order of ROLES: anonymous, researcher, member, pi, piElsewhere, tech, operator. */
function row(answers: readonly Answer[], input?: Row['input']): Row {
  if (answers.length !== ROLES.length) throw new Error('one answer for each role');
  return {
    answers: Object.fromEntries(ROLES.map((role, i) => [role, answers[i]])) as Row['answers'],
    ...(input && { input }),
  };
}

let home: { id: string; loginBase: string };
let people: Record<Role, Person | null>;
let nodes: string[];

beforeAll(async () => {
  await seedQueue(url);
  home = await seedSite(db, 'home', {
    slivers: 1_000_000,
    cpuMilli: 1e9,
    memoryMiB: 1e9,
    diskMiB: 1e9,
    networkKbps: 1e9,
  });
  const elsewhere = await seedSite(db, 'elsewhere');
  people = {
    anonymous: null,
    researcher: await seedPerson(db, { roles: [[home.id, 'researcher']] }),
    member: await seedPerson(db, { roles: [[home.id, 'researcher']] }),
    pi: await seedPerson(db, { roles: [[home.id, 'pi']] }),
    piElsewhere: await seedPerson(db, { roles: [[elsewhere.id, 'pi']] }),
    tech: await seedPerson(db, { roles: [[home.id, 'tech']] }),
    operator: await seedPerson(db, { operator: true }),
  };
  nodes = await seedNodes(db, home.id, 2, new Date());
});

/** A fresh slice of the member's, since many procedures change theirs. */
async function slice(state: SliceState): Promise<string> {
  const owner = people.member;
  if (!owner) throw new Error('seeded above');
  const { name } = await requestSlice(db, owner, someSpec('home'), new Date());
  if (state !== 'requested') {
    await db.request.updateMany({ where: { slice: { name } }, data: { state: 'approved' } });
    const end = new Date(Date.now() + 86_400_000);
    await db.slice.updateMany({
      where: { name },
      data: { state, startsAt: new Date(), endsAt: end, approvedAt: new Date() },
    });
  }
  return name;
}
const named = async () => ({ name: await slice('active') });
const nodeId = async () => (await db.node.findFirstOrThrow()).id;
const invite = (email: string) => {
  const what = { email, siteId: home.id, role: 'researcher' as const, operator: false, invitedById: null };
  return db.$transaction((tx) => issueInvite(tx, what, new Date()));
};
let count = 0;
const email = () => `guest${++count}@example.org`;

const ACCESSED = ['site', 'slice', 'request', 'invite', 'node', 'key', 'token', 'delegation', 'delegation'];

const signedIn: Answer[] = [no, 'yes', 'yes', 'yes', 'yes', 'yes', 'yes'];
const everyone: Answer[] = ['yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes'];
const seesSlice: Answer[] = [no, nf, 'yes', 'yes', nf, 'yes', 'yes'];
const usesSlice: Answer[] = [no, nf, 'yes', na, nf, na, na];
const managesSite: Answer[] = [no, na, na, 'yes', nf, na, 'yes'];
const asksForSlices: Answer[] = [no, 'yes', 'yes', 'yes', nf, na, na];
const runsNode: Answer[] = [no, na, na, na, na, 'yes', 'yes'];
const operators: Answer[] = [no, na, na, na, na, na, 'yes'];

/** A root delegation of the site's first node, fresh for each who asks. */
const someDelegation = async () => {
  const { id, ...node } = await db.delegation.findFirstOrThrow({ where: { jti: 'd' } });
  const made = await db.delegation.create({ data: { ...node, jti: `d${++count}`, revokedAt: null } });
  return { kind: 'delegation', ids: [made.id] };
};

/** A key of somebody's own service manager, as it is registered. */
function registration(urn: string) {
  const key = generateIdentityKey();
  const facts = { urn, publicKey: key.jwk, at: Math.floor(Date.now() / 1000) };
  const proof = proveChallenge(registrationChallenge(facts), key.privateKey);
  return { name: 'laptop', publicKey: key.jwk, at: facts.at, proof };
}
async function waitingKey(): Promise<string> {
  const { member } = people;
  if (!member) throw new Error('seeded above');
  const { jkt, jwk } = generateIdentityKey();
  const key = { userId: member.id, name: 'laptop', jkt, publicKey: jwk.x };
  return (await db.principalKey.create({ data: key })).id;
}

const TABLE: Record<string, Row> = {
  'trust.graph': row(signedIn, () => ({})),
  'trust.links': row(signedIn, () => ({})),
  'trust.key': row(signedIn, () => ({ jkt: 'agent' })),
  'trust.issuers': row(signedIn),
  'trust.link': row([no, nf, nf, 'yes', nf, 'yes', 'yes'], async () => ({
    id: (await db.delegation.findFirstOrThrow()).id,
  })),
  'trust.may': row([no, na, na, 'yes', na, 'yes', 'yes'], () => ({ issuer: 'am', node: nodes[0] })),
  'agents.list': row(signedIn),
  'agents.tryPolicy': row(operators, () => ({ agent: 'nobody', policy: { kind: 'first-come' } })),
  'agents.setPolicy': row(operators, () => ({ agent: 'nobody', policy: { kind: 'first-come' } })),
  'agents.setShare': row(operators, () => ({ agent: 'nobody', shareMilli: 500 })),
  'agents.setSwitch': row(operators, () => ({ agent: 'nobody', adminSwitch: 'open' })),
  'revocations.list': row(signedIn),
  'revocations.resolve': row(runsNode, async () => {
    await someDelegation();
    return {
      kind: 'delegation',
      name: (await db.node.findFirstOrThrow({ where: { siteId: home.id } })).hostname,
      agent: null,
    };
  }),
  'revocations.preview': row(runsNode, async () => ({ target: await someDelegation() })),
  'revocations.revoke': row(runsNode, async () => ({ target: await someDelegation(), endLeases: false, reason: 'r' })),
  'revocations.rotateAgentKey': row([no, na, na, na, na, na, 'yes'], () => ({ agent: 'am' })),
  'revocations.restore': row(operators, () => ({ id: crypto.randomUUID() })),
  'me.get': row(signedIn),
  'me.notifications': row(signedIn),
  'me.markRead': row(signedIn, () => ({ ids: [] })),
  'audit.list': row(signedIn, () => ({})),
  'audit.check': row(operators),
  'keys.list': row(signedIn),
  'keys.add': row(signedIn, () => ({ name: 'k', publicKey: 'none' })),
  'keys.remove': row(signedIn, async (by) => {
    const key = {
      userId: by?.id ?? '',
      name: 'k',
      publicKey: 'ssh-ed25519 AAAA',
      fingerprint: email(),
      createdAt: new Date(),
    };
    return { id: by ? (await insertKey(db, key))?.id : crypto.randomUUID() };
  }),
  'principalKeys.list': row(signedIn),
  'principalKeys.register': row(signedIn, (by) => registration(by?.urn ?? '')),
  'principalKeys.start': row(signedIn),
  'principalKeys.toDecide': row(operators),
  'principalKeys.approve': row([no, nf, nf, nf, nf, nf, 'yes'], async () => ({ id: await waitingKey() })),
  'principalKeys.leases': row(seesSlice, named),
  'tokens.list': row(signedIn),
  'tokens.create': row(signedIn, () => ({ name: 't', days: 1 })),
  'tokens.revoke': row(signedIn, async (by) => ({
    id: by ? (await createToken(db, by, { name: 't', days: 1 }, new Date())).id : crypto.randomUUID(),
  })),
  'sites.list': row(signedIn),
  'sites.get': row([no, 'yes', 'yes', 'yes', nf, 'yes', 'yes'], () => ({ loginBase: 'home' })),
  'sites.setQuota': row(managesSite, async () => {
    const { siteId: _, ...quota } = await db.quota.findUniqueOrThrow({ where: { siteId: home.id } });
    return { loginBase: 'home', ...quota };
  }),
  'sites.removeMember': row(managesSite, () => ({ loginBase: 'home', userId: 'nobody', role: 'tech' })),
  'invites.create': row(managesSite, () => ({ loginBase: 'home', email: email(), role: 'researcher' })),
  'invites.revoke': row([no, nf, nf, 'yes', nf, nf, 'yes'], async () => ({ id: (await invite(email())).id })),
  'invites.preview': row(everyone, async () => ({ token: (await invite(email())).token })),
  'invites.accept': row(everyone, async () => ({
    token: (await invite(email())).token,
    name: 'G',
    password: 'x'.repeat(12),
  })),
  'partners.list': row(signedIn),
  'partners.invite': row(operators, () => ({ authority: 'b.example', name: 'B' })),
  'partners.join': row(operators, () => ({ token: 'none' })),
  'partners.previewGrant': row(operators, () => ({
    authority: 'x.example',
    nodes: { by: 'all' },
    shareMilli: 1,
    days: 1,
  })),
  'partners.grant': row(operators, () => ({
    authority: 'x.example',
    nodes: { by: 'all' },
    shareMilli: 1,
    days: 1,
    endLeases: false,
  })),
  'partners.revokeGrant': row(operators, () => ({ authority: 'x.example', endLeases: false })),
  'partners.end': row(operators, () => ({ authority: 'x.example', endLeases: false })),
  'slices.list': row(signedIn, () => ({})),
  'slices.check': row(asksForSlices, () => someSpec('home')),
  'slices.images': row(signedIn, () => ({})),
  'slices.request': row(asksForSlices, () => someSpec('home')),
  'slices.get': row(seesSlice, named),
  'slices.slivers': row(seesSlice, named),
  'slices.steps': row(seesSlice, named),
  'slices.usage': row(seesSlice, named),
  'slices.events': row(seesSlice, named),
  'slices.proof': row(seesSlice, async () => ({ ...(await named()), ticket: 'x'.repeat(24) })),
  'slices.statements': row(seesSlice, async () => ({ ...(await named()), sliverId: crypto.randomUUID() })),
  'slices.withdraw': row(usesSlice, async () => ({ name: await slice('requested') })),
  'slices.renew': row(usesSlice, async () => ({
    ...(await named()),
    termSeconds: 86_400,
    reason: 'It measures still.',
  })),
  'changes.growCheck': row(usesSlice, async () => ({ ...(await named()), count: 1 })),
  'changes.grow': row(usesSlice, async () => ({ ...(await named()), count: 1, reason: 'It needs one more.' })),
  'changes.shrink': row(usesSlice, async () => ({ ...(await named()), by: 1 })),
  'changes.move': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({ ...(await named()), failed: true })),
  'changes.cancelMove': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({
    ...(await named()),
    sliverId: crypto.randomUUID(),
  })),
  'slices.exec': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({
    ...(await named()),
    node: nodes[0],
    argv: ['true'],
    timeoutMs: 100,
  })),
  'slices.sliverAct': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({
    ...(await named()),
    node: nodes[0],
    act: 'stop',
  })),
  'slices.sliverLogs': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({ ...(await named()), node: nodes[0] })),
  'ports.list': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({ ...(await named()), node: nodes[0] })),
  'ports.publish': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({
    ...(await named()),
    node: nodes[0],
    protocol: 'tcp',
    internal: 80,
  })),
  'ports.remove': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({
    ...(await named()),
    node: nodes[0],
    protocol: 'tcp',
    external: 30_000,
  })),
  'slices.access': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({ ...(await named()), node: nodes[0] })),
  'slices.terminal': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({ ...(await named()), node: nodes[0] })),
  'slices.delete': row([no, nf, 'yes', 'yes', nf, na, 'yes'], named),
  'slices.retry': row([no, nf, 'yes', na, nf, na, 'yes'], async () => ({ name: await slice('failed') })),
  'slices.addMember': row([no, nf, 'yes', 'yes', nf, na, na], async () => ({
    ...(await named()),
    email: people.researcher?.email,
  })),
  'slices.removeMember': row([no, nf, 'yes', 'yes', nf, na, na], async () => ({
    ...(await named()),
    email: people.pi?.email,
  })),
  'approvals.list': row([no, na, na, 'yes', 'yes', na, 'yes']),
  'approvals.decided': row([no, na, na, 'yes', 'yes', na, 'yes'], () => ({})),
  'approvals.decide': row([no, nf, 'OWN_REQUEST', 'yes', nf, nf, 'yes'], async () => {
    const request = await db.request.findFirstOrThrow({ where: { slice: { name: await slice('requested') } } });
    return { requestId: request.id, outcome: 'approved' };
  }),
  'fleet.nodes': row(signedIn),
  'fleet.node': row(signedIn, async () => ({ id: await nodeId() })),
  'fleet.setAdminSwitch': row(runsNode, async () => ({ id: await nodeId(), adminSwitch: 'draining' })),
  'fleet.enrolmentToken': row(runsNode, () => ({ urn: nodes[0] })),
  'fleet.check': row(signedIn, async () => ({ id: await nodeId(), seconds: 3600 })),
  'fleet.flows': row(runsNode, async () => ({ id: await nodeId(), at: new Date().toISOString() })),
  'fleet.simulation': row(operators, () => ({ fleet: 'demo', limit: 1 })),
  'fleet.slicesOnMap': row(seesSlice, named),
  'live.events': row(signedIn, () => ({ topics: ['me'] })),
};

function contextOf(person: Person | null): Context {
  return { db, person, via: person && 'session', again: async () => person, now: new Date(), requestId: 'test', log };
}

/** Calls a procedure by its path, as `role`, and says what access made of it. */
async function answerTo(path: string, role: Role): Promise<Answer> {
  const by = people[role];
  const input = await TABLE[path]?.input?.(by);
  const [space = '', name = ''] = path.split('.');
  // The path is one of the router's own: see the first test.
  const caller = createCaller(contextOf(by)) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >;
  try {
    const result = await caller[space]?.[name]?.(input);
    if (typeof result === 'object' && result && Symbol.asyncIterator in result) {
      await (result as AsyncIterable<unknown>)[Symbol.asyncIterator]().return?.();
    }
    return 'yes';
  } catch (err) {
    const refused = err instanceof Error && err.cause instanceof Refused ? err.cause : null;
    const code = refused?.code;
    // What was not found behind an open door (a node of the slice, a person to add) is no answer about access.
    if (code === nf) return ACCESSED.includes(String(refused?.facts.kind)) ? nf : 'yes';
    return code === no || code === na || code === 'OWN_REQUEST' ? code : 'yes';
  }
}

/** By path; typed as nested, though it is flat. */
const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { meta?: { permission?: string } } }>;

test('every procedure has a row, and every row a procedure', () => {
  expect(Object.keys(TABLE).sort()).toEqual(Object.keys(procedures).sort());
});

test('every procedure names its permission', () => {
  const without = Object.keys(procedures).filter((path) => !procedures[path]?._def.meta?.permission);
  expect(without).toEqual([]);
});

describe.each(Object.keys(TABLE))('%s', (path) => {
  test('lets in who may, and nobody else', async () => {
    const answers: Partial<Record<Role, Answer>> = {};
    for (const role of ROLES) answers[role] = await answerTo(path, role);
    expect(answers).toEqual(TABLE[path]?.answers);
  });
});

describe('what one does not own looks like what is not there', () => {
  test('another’s key and another’s token', async () => {
    const { researcher, member } = people;
    if (!researcher || !member) throw new Error('seeded above');
    const token = await createToken(db, member, { name: 't', days: 1 }, new Date());
    const caller = createCaller(contextOf(researcher));
    await expect(caller.tokens.revoke({ id: token.id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const absent = crypto.randomUUID();
    const missing = await caller.tokens.revoke({ id: absent }).catch((err: Error) => err.message);
    const foreign = await caller.tokens.revoke({ id: token.id }).catch((err: Error) => err.message);
    expect(foreign).toBe(missing);
    await expect(caller.keys.remove({ id: absent })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('another site’s slice and a name that nobody has', async () => {
    const caller = createCaller(contextOf(people.piElsewhere));
    const name = await slice('active');
    const refusals = [];
    for (const asked of [name, 'home_nobodyhasit']) {
      const err = await caller.slices.get({ name: asked }).catch((error: Error) => error);
      const cause = err instanceof Error ? err.cause : null;
      refusals.push(cause instanceof Refused ? { code: cause.code, kind: cause.facts.kind } : null);
    }
    expect(refusals).toEqual([
      { code: 'NOT_FOUND', kind: 'slice' },
      { code: 'NOT_FOUND', kind: 'slice' },
    ]);
  });

  test('a token mints no further tokens', async () => {
    const caller = createCaller({ ...contextOf(people.member), via: 'token' });
    await expect(caller.tokens.create({ name: 't', days: 1 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
