import { z } from 'zod';
import { PublishedPortView } from '@/protocol/node-manager/ports';
import { SliverLimits } from '@/protocol/node-manager/sliver-control';
import { HardAmountsSchema, ResourceVectorSchema } from '@/protocol/resources';
import { Mishap } from '../journal/mishap';
import { enterRevocations, RevokedRecord } from './revocations';

/** What a slice's people want of a sliver within its lease. */
export const SliverWish = z.object({
  stopped: z.boolean(),
  limits: SliverLimits.nullable(),
  /** The lease alone was asked for: what it holds is kept, and no sliver is made until somebody asks. */
  bare: z.boolean().default(false),
});
export type SliverWish = z.infer<typeof SliverWish>;

/** A delegation link as a lease is charged to it. */
const Link = z.object({
  iss: z.string(),
  jti: z.string(),
  granteeJkt: z.string(),
  line: z.string(),
  rights: HardAmountsSchema,
  degreeMilli: z.int(),
});
/** As before there were lines. Whom a link is to, the next one's issuer tells, and the ticket's after the last. */
const OlderLink = Link.partial({ granteeJkt: true, line: true });

/** A lease as the journal keeps it. `start`, `end`: epoch seconds, [start, end). */
export const LeaseRecord = z
  .object({
    jti: z.string(),
    slice: z.string(),
    sliver: z.string(),
    /** Only this key may change the lease. */
    holder: z.string(),
    sub: z.string(),
    resources: ResourceVectorSchema,
    start: z.int(),
    end: z.int(),
    graceSeconds: z.int(),
    ticket: z.object({ iss: z.string(), jti: z.string() }),
    /** SHA-256 of the ticket's text: the very same text again gets the same lease. */
    ticketHash: z.string(),
    /** The ticket itself, to prove by what the room is held; not in what was written before. */
    ticketText: z.string().optional(),
    links: z.array(OlderLink),
    /** The signed lease. */
    text: z.string(),
  })
  .transform((lease) => ({
    ...lease,
    links: lease.links.map((link, i) => {
      const granteeJkt = link.granteeJkt ?? lease.links[i + 1]?.iss ?? lease.ticket.iss;
      return { ...link, granteeJkt, line: link.line ?? granteeJkt };
    }),
  }));
export type LeaseRecord = z.infer<typeof LeaseRecord>;

export const AdminSwitch = z.enum(['open', 'draining', 'closed']);
export type AdminSwitch = z.infer<typeof AdminSwitch>;

/** What happened on a node. `at`: epoch ms. */
export const NodeEvent = z.discriminatedUnion('t', [
  /** A new incarnation begins. `keep`: the leases that go on in it, after a mishap; the others are over. */
  z.object({
    t: z.literal('born'),
    at: z.int(),
    incarnation: z.string(),
    because: Mishap.nullable().optional(),
    keep: z.array(z.string()).optional(),
  }),
  /** `bare`: without a sliver. */
  z.object({ t: z.literal('leased'), at: z.int(), lease: LeaseRecord, bare: z.boolean().optional() }),
  /** The lease as it is from now on: same id, another ticket and end. */
  z.object({ t: z.literal('renewed'), at: z.int(), lease: LeaseRecord }),
  z.object({ t: z.literal('ended'), at: z.int(), lease: z.string(), receipt: z.string() }),
  z.object({ t: z.literal('burnt'), at: z.int(), iss: z.string(), jti: z.string(), receipt: z.string() }),
  z.object({ t: z.literal('keys'), at: z.int(), slice: z.string(), keys: z.array(z.string()) }),
  /** The lease's published ports from now on, all of them. */
  z.object({ t: z.literal('published'), at: z.int(), lease: z.string(), ports: z.array(PublishedPortView) }),
  /** What the lease's sliver shall be from now on, within the lease. */
  z.object({ t: z.literal('sliver'), at: z.int(), lease: z.string(), wish: SliverWish }),
  z.object({ t: z.literal('policy'), at: z.int(), adminSwitch: AdminSwitch, revokedKeys: z.array(z.string()) }),
  /** What was taken back, and the highest number that the agent told of. */
  z.object({ t: z.literal('revoked'), at: z.int(), heard: z.int(), revocations: z.array(RevokedRecord) }),
]);
export type NodeEvent = z.infer<typeof NodeEvent>;

/** What became of a ticket: a lease that lives, a lease that ended, or burnt unredeemed. Remembered for ever. */
const Spent = z.object({
  fate: z.enum(['leased', 'ended', 'burnt']),
  lease: z.string().nullable(),
  receipt: z.string().nullable(),
});
export type Spent = z.infer<typeof Spent>;

/** An incarnation, and why it began: null for a node's first. `at`: epoch ms. */
const Life = z.object({ incarnation: z.string(), at: z.int(), because: Mishap.nullable() });
/** So many of a node's lives are remembered. */
const MAX_LIVES = 20;

/** All that a node must remember. A snapshot of it is a journal record. */
export const NodeState = z.object({
  /** Empty before its first, and after a mishap until the next begins. */
  incarnation: z.string(),
  /** Why its memory is not believed, until the next incarnation begins. */
  mishap: Mishap.nullable().default(null),
  /** Oldest first, the present one last. */
  lives: z.array(Life).default([]),
  leases: z.map(z.string(), LeaseRecord),
  spent: z.map(z.string(), Spent),
  keys: z.map(z.string(), z.array(z.string())),
  /** Published ports of each lease. */
  ports: z.map(z.string(), z.array(PublishedPortView)),
  /** What was asked for of a lease's sliver beyond its running; of most nothing was. */
  wishes: z.map(z.string(), SliverWish),
  adminSwitch: AdminSwitch,
  revokedKeys: z.array(z.string()),
  revocations: z.map(z.string(), RevokedRecord),
  /** The highest number of a revocation that is kept, or did not concern this node. */
  revocationsHeard: z.int().default(0),
});
export type NodeState = z.infer<typeof NodeState>;

export function emptyNode(): NodeState {
  return {
    incarnation: '',
    mishap: null,
    lives: [],
    leases: new Map(),
    spent: new Map(),
    keys: new Map(),
    ports: new Map(),
    wishes: new Map(),
    adminSwitch: 'open',
    revokedKeys: [],
    revocations: new Map(),
    revocationsHeard: 0,
  };
}

/** Redemption is keyed by issuer and statement id, never by text. */
export function ticketKey(ticket: { iss: string; jti: string }): string {
  return `${ticket.iss} ${ticket.jti}`;
}

/**
 * Enters what happened into the state, which it changes in place (a node's memory grows with its history; a copy for each event
 * would not do). Deterministic; the same event twice is the same as once.
 */
export function applyEvent(state: NodeState, event: NodeEvent): void {
  switch (event.t) {
    case 'born':
      beginLife(state, event);
      return;
    case 'leased':
      if (state.spent.has(ticketKey(event.lease.ticket))) return;
      state.leases.set(event.lease.jti, event.lease);
      state.spent.set(ticketKey(event.lease.ticket), { fate: 'leased', lease: event.lease.jti, receipt: null });
      if (event.bare) state.wishes.set(event.lease.jti, { stopped: false, limits: null, bare: true });
      return;
    case 'renewed':
      // The ticket before it stays spent, on the same lease.
      if (state.spent.has(ticketKey(event.lease.ticket)) || !state.leases.has(event.lease.jti)) return;
      state.leases.set(event.lease.jti, event.lease);
      state.spent.set(ticketKey(event.lease.ticket), { fate: 'leased', lease: event.lease.jti, receipt: null });
      return;
    case 'ended': {
      const lease = state.leases.get(event.lease);
      if (!lease) return;
      state.leases.delete(event.lease);
      state.ports.delete(event.lease);
      state.wishes.delete(event.lease);
      state.spent.set(ticketKey(lease.ticket), { fate: 'ended', lease: lease.jti, receipt: event.receipt });
      if (![...state.leases.values()].some((other) => other.slice === lease.slice)) state.keys.delete(lease.slice);
      return;
    }
    case 'burnt':
      if (!state.spent.has(ticketKey(event)))
        state.spent.set(ticketKey(event), { fate: 'burnt', lease: null, receipt: event.receipt });
      return;
    case 'keys':
      state.keys.set(event.slice, event.keys);
      return;
    case 'published':
      if (!state.leases.has(event.lease) || event.ports.length === 0) state.ports.delete(event.lease);
      else state.ports.set(event.lease, event.ports);
      return;
    case 'sliver':
      if (!state.leases.has(event.lease) || (!event.wish.stopped && !event.wish.limits && !event.wish.bare))
        state.wishes.delete(event.lease);
      else state.wishes.set(event.lease, event.wish);
      return;
    case 'policy':
      state.adminSwitch = event.adminSwitch;
      state.revokedKeys = event.revokedKeys;
      return;
    case 'revoked':
      enterRevocations(state.revocations, event.revocations, event.at);
      state.revocationsHeard = event.heard;
  }
}

function beginLife(state: NodeState, event: NodeEvent & { t: 'born' }): void {
  const { incarnation, at, because = null, keep } = event;
  if (state.lives.at(-1)?.incarnation !== incarnation)
    state.lives = [...state.lives, { incarnation, at, because }].slice(-MAX_LIVES);
  state.incarnation = incarnation;
  state.mishap = null;
  if (!keep) return;
  for (const lease of [...state.leases.values()]) {
    if (keep.includes(lease.jti)) continue;
    state.leases.delete(lease.jti);
    state.spent.set(ticketKey(lease.ticket), { fate: 'ended', lease: lease.jti, receipt: null });
  }
  const slices = new Set([...state.leases.values()].map((lease) => lease.slice));
  for (const slice of [...state.keys.keys()]) if (!slices.has(slice)) state.keys.delete(slice);
}

/** The state as plain JSON, and back. */
export function snapshotOf(state: NodeState) {
  return {
    ...state,
    leases: [...state.leases],
    spent: [...state.spent],
    keys: [...state.keys],
    ports: [...state.ports],
    wishes: [...state.wishes],
    revocations: [...state.revocations],
  };
}

const pairs = <T extends z.ZodType>(value: T) => z.array(z.tuple([z.string(), value]));
const Lists = z.object({
  leases: pairs(LeaseRecord),
  spent: pairs(Spent),
  keys: pairs(z.array(z.string())),
  /** Not in what was written before there were published ports. */
  ports: pairs(z.array(PublishedPortView)).default([]),
  /** Not in what was written before slivers could be stopped. */
  wishes: pairs(SliverWish).default([]),
  /** Not in what was written before authority could be taken back. */
  revocations: pairs(RevokedRecord).default([]),
});
const Snapshot = NodeState.extend(Lists.shape);

export function fromSnapshot(json: unknown): NodeState {
  const s = Snapshot.parse(json);
  return {
    ...s,
    leases: new Map(s.leases),
    spent: new Map(s.spent),
    keys: new Map(s.keys),
    ports: new Map(s.ports),
    wishes: new Map(s.wishes),
    revocations: new Map(s.revocations),
  };
}

/** So many entries of a list are in one part: a list of keys may be 256 KiB, the others' entries are a few KB. */
const PART_LENGTHS = { leases: 100, spent: 1000, keys: 8, ports: 100, wishes: 1000, revocations: 500 };

/**
 * The state in parts for the journal, none of which grows with the node's history: spent tickets are remembered for ever, and a
 * journal record has a bound. The first part is a snapshot without its lists.
 */
export function* snapshotParts(state: NodeState): Iterable<{ s: unknown } | { more: unknown }> {
  const none = { leases: [], spent: [], keys: [], ports: [], wishes: [], revocations: [] };
  yield { s: { ...state, ...none } };
  for (const list of ['leases', 'spent', 'keys', 'ports', 'wishes', 'revocations'] as const) {
    const entries = [...state[list]];
    for (let at = 0; at < entries.length; at += PART_LENGTHS[list])
      yield { more: { ...none, [list]: entries.slice(at, at + PART_LENGTHS[list]) } };
  }
}

/** Adds another part of a snapshot to the state that its first part gave. */
export function addPart(state: NodeState, json: unknown): void {
  const { leases, spent, keys, ports, wishes, revocations } = Lists.parse(json);
  for (const [jti, lease] of leases) state.leases.set(jti, lease);
  for (const [key, one] of spent) state.spent.set(key, one);
  for (const [slice, some] of keys) state.keys.set(slice, some);
  for (const [lease, some] of ports) state.ports.set(lease, some);
  for (const [lease, wish] of wishes) state.wishes.set(lease, wish);
  for (const [key, one] of revocations) state.revocations.set(key, one);
}
