/**
 * The one place that decides who may do what. Pure: a person, a permission and the facts of the object in, yes or no out.
 * Procedures name the permission they need through the builders in `server/trpc/init.ts`; services that only learn the
 * object later call `demand`. The table in `server/trpc/procedures.db.test.ts` covers every procedure × every role.
 */
import { Refused } from '@/core/errors';

export type Role = 'researcher' | 'pi' | 'tech';

/** Who asks: a signed-in, enabled person with every membership. */
export type Person = {
  id: string;
  name: string;
  email: string;
  urn: string;
  operator: boolean;
  memberships: readonly { siteId: string; loginBase: string; role: Role }[];
};

export type SiteFacts = { siteId: string };
export type SliceFacts = { siteId: string; ownerId: string; memberIds: readonly string[] };
export type RequestFacts = { siteId: string; requestedById: string };
export type InviteFacts = { siteId: string | null; role: Role | null; operator: boolean };
export type NodeFacts = { siteId: string };
/** Whose it is: the sites whose nodes' own word it is, the person whose key it is, the members of the slice whose ticket it is. */
export type RevokeFacts = { siteIds: readonly string[]; ownerId: string | null; memberIds: readonly string[] };

/** Every permission and the facts it is judged by; `null` where being who one is decides. */
export type PermissionFacts = {
  /** One's own account, keys, tokens, notifications. */
  self: null;
  /** Nodes with their places, states and what is free: every signed-in person. */
  'fleet.read': null;
  'fleet.import': null;
  'fleet.simulate': null;
  /** Each sees what concerns them (services/audit/sight.ts). */
  'audit.read': null;
  /** Follow the whole chain. */
  'audit.check': null;
  /** Which deployments share nodes with this one: every signed-in person. */
  'partners.read': null;
  /** Invite, join, give nodes, take them back, end. */
  'partners.manage': null;
  /** The queue of requests of those sites that one may decide for. */
  'approvals.read': null;
  'site.read': SiteFacts;
  'site.people': SiteFacts;
  /** Lower the site's quota. */
  'site.quota': SiteFacts;
  /** Raise it: never the PI, or a quota would bound nothing (docs/decisions/0009-who-sets-a-quota.md). */
  'site.quota.raise': SiteFacts;
  'invite.create': InviteFacts;
  'invite.revoke': InviteFacts;
  'request.create': SiteFacts;
  'request.decide': RequestFacts;
  'slice.read': SliceFacts;
  'slice.exec': SliceFacts;
  /** See, publish and withdraw its slivers' ports. */
  'slice.ports': SliceFacts;
  /** Open a terminal in a sliver. */
  'slice.terminal': SliceFacts;
  'slice.renew': SliceFacts;
  /** Grow, shrink. */
  'slice.change': SliceFacts;
  /** Move slivers to other nodes: operators too, who empty nodes. */
  'slice.move': SliceFacts;
  'slice.withdraw': SliceFacts;
  'slice.members': SliceFacts;
  'slice.retry': SliceFacts;
  'slice.delete': SliceFacts;
  'node.read': NodeFacts;
  'node.adminSwitch': NodeFacts;
  'node.enrol': NodeFacts;
  /** Who sent this? */
  'node.flows': NodeFacts;
  /** The graph of trust, as far as it is one's own: server/data/trust/scope.ts. */
  'trust.read': null;
  /** Decide how agents of the deployment grant, what they get, and whether they issue; see what was asked of them. */
  'agents.manage': null;
  /** What a node's delegations say, and what is used of them. */
  'trust.node': NodeFacts & { ownSliver: boolean };
  /** Keys of people's own service managers: see them, let one count; never one's own. */
  'principalKey.read': null;
  'principalKey.approve': { ownerId: string };
  /** See what was taken back, as far as it is one's own. */
  'trust.revocations': null;
  /** Take authority back before its time. */
  'trust.revoke': RevokeFacts;
  /** Let a node delegate again whose delegation was taken back. */
  'trust.restore': null;
  /** Have an agent change its key. */
  'trust.rotate': null;
};
export type Permission = keyof PermissionFacts;

type Rule<P extends Permission> = (person: Person, facts: PermissionFacts[P]) => boolean;

const has = (person: Person, siteId: string, ...roles: Role[]) =>
  person.memberships.some((m) => m.siteId === siteId && roles.includes(m.role));
const everyone = () => true;
const operator = (person: Person) => person.operator;
const piOrOperator = (person: Person, site: SiteFacts) => person.operator || has(person, site.siteId, 'pi');
const techOrOperator = (person: Person, node: NodeFacts) => person.operator || has(person, node.siteId, 'tech');
const member = (person: Person, slice: SliceFacts) => slice.memberIds.includes(person.id);
/** Operators invite anyone; a PI invites researchers, techs and PIs to their own site. */
const inviter = (person: Person, invite: InviteFacts) =>
  person.operator || (!invite.operator && invite.siteId !== null && has(person, invite.siteId, 'pi'));

const RULES: { [P in Permission]: Rule<P> } = {
  self: everyone,
  'fleet.read': everyone,
  'fleet.import': operator,
  'fleet.simulate': operator,
  'audit.read': everyone,
  'audit.check': operator,
  'partners.read': everyone,
  'agents.manage': operator,
  'partners.manage': operator,
  'approvals.read': (person) => person.operator || person.memberships.some((m) => m.role === 'pi'),
  'site.read': (person, site) => person.operator || has(person, site.siteId, 'researcher', 'pi', 'tech'),
  'site.people': piOrOperator,
  'site.quota': piOrOperator,
  'site.quota.raise': operator,
  'invite.create': inviter,
  'invite.revoke': inviter,
  'request.create': (person, site) => has(person, site.siteId, 'researcher', 'pi'),
  // Never one's own, not as PI and not as operator.
  'request.decide': (person, request) => request.requestedById !== person.id && piOrOperator(person, request),
  'slice.read': (person, slice) => person.operator || member(person, slice) || has(person, slice.siteId, 'pi', 'tech'),
  // Operators too, each call audited: docs/decisions/0004-operators-may-exec.md.
  'slice.exec': (person, slice) => member(person, slice) || person.operator,
  'slice.ports': (person, slice) => member(person, slice) || person.operator,
  'slice.terminal': (person, slice) => member(person, slice) || person.operator,
  'slice.renew': member,
  'slice.change': member,
  'slice.move': (person, slice) => member(person, slice) || person.operator,
  'slice.withdraw': member,
  'slice.members': (person, slice) =>
    (member(person, slice) && slice.ownerId === person.id) || has(person, slice.siteId, 'pi'),
  'slice.retry': (person, slice) => member(person, slice) || person.operator,
  // A slice that does harm must be endable by those who answer for it.
  'slice.delete': (person, slice) => member(person, slice) || piOrOperator(person, slice),
  'node.read': everyone,
  'node.adminSwitch': techOrOperator,
  'node.enrol': techOrOperator,
  'node.flows': techOrOperator,
  'trust.read': everyone,
  'trust.node': (person, node) => person.operator || node.ownSliver || has(person, node.siteId, 'pi', 'tech'),
  'principalKey.read': operator,
  'principalKey.approve': (person, key) => person.operator && key.ownerId !== person.id,
  'trust.revocations': everyone,
  'trust.revoke': (person, { siteIds, ownerId, memberIds }) =>
    person.operator ||
    ownerId === person.id ||
    memberIds.includes(person.id) ||
    (siteIds.length > 0 && siteIds.every((siteId) => has(person, siteId, 'tech'))),
  'trust.restore': operator,
  'trust.rotate': operator,
};

/** May `person` do this? Nobody (null) may do nothing that needs a permission. */
export function may<P extends Permission>(person: Person | null, permission: P, facts: PermissionFacts[P]): boolean {
  if (!person) return false;
  const rule: Rule<P> = RULES[permission];
  return rule(person, facts);
}

/** The object as a refusal names it, and whether this person may know that it exists. */
export type Known = { kind: string; id: string; visible: boolean };

/**
 * Lets through who may; everyone else gets the same NOT_FOUND that a missing object gives, unless they may see it.
 * @throws Refused NOT_SIGNED_IN, NOT_FOUND {kind, id}, NOT_ALLOWED {permission}
 */
export function demand<P extends Permission>(
  person: Person | null,
  permission: P,
  facts: PermissionFacts[P],
  object?: Known,
): Person {
  if (!person) throw new Refused('NOT_SIGNED_IN');
  if (may(person, permission, facts)) return person;
  if (object && !object.visible) throw new Refused('NOT_FOUND', { kind: object.kind, id: object.id });
  throw new Refused('NOT_ALLOWED', { permission });
}
