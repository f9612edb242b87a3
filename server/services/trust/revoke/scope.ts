import { Refused } from '@/core/errors';
import type { RevokeTarget } from '@/protocol/api/revocations';
import {
  agentsOf,
  findAgent,
  findNode,
  findPrincipalKey,
  otherAgents,
  sliceOfTicket,
  slicesHeld,
} from '@/server/data/revoke/facts';
import {
  type DelegationBelow,
  delegationsBelow,
  firstDelegations,
  type TicketBelow,
  ticketItself,
  ticketsOfHolder,
  ticketsUnder,
} from '@/server/data/revoke/scope';
import type { NewRevocation } from '@/server/data/revoke/write';
import type { Tx } from '@/server/db';
import { demand, type Person, type RevokeFacts } from '@/server/services/policy';

/** All that goes when a target is taken back. */
export type Scope = {
  target: RevokeTarget;
  /** What it is, in a word, and its name. */
  what: string;
  name: string;
  object: { kind: string; id: string; siteId: string | null };
  final: boolean;
  facts: RevokeFacts;
  delegations: DelegationBelow[];
  tickets: TicketBelow[];
  /** Whom it concerns; null: every node. */
  nodeIds: string[] | null;
  /** Keys that go with it, for certificates. */
  keys: string[];
  rows: NewRevocation[];
  warnings: string[];
};

/** A statement is refused for its age so long after its end that its revocation need not be remembered. */
const SKEW_MS = 300_000;
const after = (end: Date) => new Date(end.getTime() + SKEW_MS);

/** Finds what goes with the target, and lets through who may take it back. @throws Refused NOT_FOUND, NOT_ALLOWED */
export async function scopeOf(tx: Tx, person: Person, target: RevokeTarget): Promise<Scope> {
  const scope = await found(tx, target);
  if (!scope) throw new Refused('NOT_FOUND', { kind: target.kind, id: idOf(target) });
  const visible = target.kind !== 'key' && target.kind !== 'ticket';
  demand(person, 'trust.revoke', scope.facts, { kind: target.kind, id: idOf(target), visible });
  return scope;
}

function idOf(target: RevokeTarget): string {
  if (target.kind === 'ticket') return target.jti;
  return target.kind === 'delegation' ? (target.ids[0] ?? '') : target.id;
}

async function found(tx: Tx, target: RevokeTarget): Promise<Scope | null> {
  const delegations = await delegationsBelow(tx, await firstDelegations(tx, target));
  if (target.kind === 'delegation') return ofDelegations(tx, target, delegations);
  if (target.kind === 'agent') return ofAgent(tx, target, delegations);
  if (target.kind === 'node') return ofNode(tx, target, delegations);
  if (target.kind === 'key') return ofKey(tx, target);
  return ofTicket(tx, target);
}

const unique = (all: readonly string[]) => [...new Set(all)];
const rowsOf = (delegations: readonly DelegationBelow[]): NewRevocation[] =>
  delegations.map(({ iss, jti, nodeId, notAfter }) => ({
    kind: 'delegation',
    iss,
    jti,
    nodeId,
    expiresAt: after(notAfter),
  }));

async function ofDelegations(
  tx: Tx,
  target: RevokeTarget & { kind: 'delegation' },
  all: DelegationBelow[],
): Promise<Scope | null> {
  const first = all.filter((one) => target.ids.includes(one.id));
  if (first.length === 0) return null;
  const nodeIds = unique(all.map((one) => one.nodeId));
  const to = (await agentsOf(tx, unique(first.map((one) => one.agentId)))).map(shortName);
  const node = nodeIds.length === 1 ? (await findNode(tx, nodeIds[0] ?? ''))?.hostname : undefined;
  const name = `${node ?? `${nodeIds.length} nodes`} to ${to.join(', ')}`;
  // A node's own word is its site's to take back; what an agent passed on is not.
  const siteIds = all.every((one) => one.root || !target.ids.includes(one.id))
    ? unique(all.map((one) => one.siteId))
    : [];
  return {
    target,
    what: 'delegation',
    name,
    object: { kind: 'delegation', id: first[0]?.jti ?? '', siteId: siteIds.length === 1 ? (siteIds[0] ?? null) : null },
    final: false,
    facts: { siteIds, ownerId: null, memberIds: [] },
    delegations: all,
    tickets: await ticketsUnder(tx, all),
    nodeIds,
    keys: [],
    rows: rowsOf(all),
    warnings: first.some((one) => one.root)
      ? ['The node is not asked for a new one until an operator gives it back.']
      : [],
  };
}

async function ofAgent(
  tx: Tx,
  target: RevokeTarget & { kind: 'agent' },
  all: DelegationBelow[],
): Promise<Scope | null> {
  const agent = await findAgent(tx, target.id);
  if (!agent) return null;
  if (agent.revokedAt) throw new Refused('REVOKED', { kind: 'agent', id: agent.urn });
  const others = await otherAgents(tx, agent.id);
  return {
    target,
    what: 'agent',
    name: shortName(agent),
    object: { kind: 'agent', id: agent.urn, siteId: null },
    final: true,
    facts: { siteIds: [], ownerId: null, memberIds: [] },
    delegations: all,
    tickets: await ticketsUnder(tx, all),
    nodeIds: null,
    keys: [agent.jkt],
    rows: [{ kind: 'key', jkt: agent.jkt, expiresAt: null }], // all below it stands under its key
    warnings: others === 0 ? ['It is the only agent: no ticket can be issued until another one runs.'] : [],
  };
}

async function ofNode(tx: Tx, target: RevokeTarget & { kind: 'node' }, all: DelegationBelow[]): Promise<Scope | null> {
  const node = await findNode(tx, target.id);
  if (!node) return null;
  const keys = node.keys.map((key) => key.jkt);
  if (keys.length === 0) throw new Refused('NODE_NOT_ENROLLED', { node: node.urn });
  return {
    target,
    what: 'node',
    name: node.hostname,
    object: { kind: 'node', id: node.urn, siteId: node.siteId },
    final: true,
    facts: { siteIds: [node.siteId], ownerId: null, memberIds: [] },
    delegations: all,
    tickets: await ticketsUnder(tx, all),
    nodeIds: [node.id],
    keys,
    rows: [
      ...rowsOf(all.filter((one) => one.nodeId === node.id)),
      // Last: once its key counts no more it says how far it has heard by nothing but being refused for this.
      ...keys.map((jkt): NewRevocation => ({ kind: 'key', jkt, nodeId: node.id, expiresAt: null })),
    ],
    warnings: ['It can come back only by enrolling anew, with a new key.'],
  };
}

async function ofKey(tx: Tx, target: RevokeTarget & { kind: 'key' }): Promise<Scope | null> {
  const key = await findPrincipalKey(tx, target.id);
  if (!key) return null;
  if (key.revokedAt) throw new Refused('REVOKED', { kind: 'key', id: key.jkt });
  return {
    target,
    what: 'key',
    name: key.name,
    object: { kind: 'key', id: key.jkt, siteId: null },
    final: true,
    facts: { siteIds: [], ownerId: key.userId, memberIds: [] },
    delegations: [],
    tickets: await ticketsOfHolder(tx, key.jkt),
    nodeIds: null,
    keys: [key.jkt],
    rows: [{ kind: 'key', jkt: key.jkt, expiresAt: null }],
    warnings: [`It is ${key.user.name}’s own service manager’s key. ${heldWords(await slicesHeld(tx, key.jkt))}`],
  };
}

/** What goes with a person's key: no ticket or lease of the books, but what nodes said that it holds. */
function heldWords(slices: string[]): string {
  if (slices.length === 0) return 'By what nodes said last, nothing is leased with it.';
  const names = unique(slices.map((urn) => urn.slice(urn.lastIndexOf('+') + 1))).slice(0, 6);
  const leases = slices.length === 1 ? '1 lease' : `${slices.length} leases`;
  return `By what nodes said last it holds ${leases}, of ${names.join(', ')}.`;
}

async function ofTicket(tx: Tx, target: RevokeTarget & { kind: 'ticket' }): Promise<Scope | null> {
  const ticket = await ticketItself(tx, target.iss, target.jti);
  if (!ticket) return null;
  const slice = ticket.sliceId ? await sliceOfTicket(tx, ticket.sliceId) : null;
  const { iss, jti, nodeId, endsAt } = ticket;
  return {
    target,
    what: 'ticket',
    name: jti.slice(0, 8),
    object: { kind: 'ticket', id: jti, siteId: slice?.siteId ?? null },
    final: true,
    facts: { siteIds: [], ownerId: null, memberIds: slice?.members.map((one) => one.userId) ?? [] },
    delegations: [],
    tickets: [ticket],
    nodeIds: [nodeId],
    keys: [],
    rows: [{ kind: 'ticket', iss, jti, nodeId, expiresAt: after(endsAt) }],
    warnings: [],
  };
}

/** An agent as people call it: the last part of its URN; a partner's by its deployment, whose first agent needs no more. */
function shortName({ urn, partnerId }: { urn: string; partnerId: string | null }): string {
  const [authority = '', , name = urn] = urn.replace('urn:publicid:IDN+', '').split('+');
  if (partnerId === null) return name;
  return name === 'am' ? authority : `${authority} ${name}`;
}
