import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { OPEN_POLICY } from '@/core/node/owner-policy';
import { Books } from '@/node-manager/lease/books';
import {
  applyEvent,
  emptyNode,
  fromSnapshot,
  NodeEvent,
  type NodeState,
  snapshotOf,
} from '@/node-manager/lease/node-state';
import { makeLease, type NodeSelf } from '@/node-manager/lease/redeem';
import { renewLease } from '@/node-manager/lease/renew';
import type { TicketClaims } from '@/protocol/statement/schemas';
import { verifyTicket } from '@/protocol/statement/ticket';
import { AMOUNTS, NODE_URN, newId, RIGHTS, statementWorld } from './statements';

const w = statementWorld();
const TICKETS = Array.from({ length: 6 }, (_, i) => {
  const claims = w.ticketClaims({
    slice: `urn:publicid:IDN+meridian+slice+s${i % 3}`,
    graceSeconds: 0,
    end: w.seconds + 1000 + i,
  });
  const text = w.ticket(claims);
  return { claims, text, verified: verifyTicket(text, w.context) };
});
/** Renewals of two of these tickets, two of each, and a renewal of each renewal: only one of a lease's can count after another. */
const RENEWALS = TICKETS.slice(0, 2).flatMap(({ claims }, i) => {
  const renewal = (replaces: string, end: number) => {
    const renewed = w.ticketClaims({ ...claims, jti: newId(), replaces, end });
    const text = w.ticket(renewed);
    return { claims: renewed, text, verified: verifyTicket(text, w.context) };
  };
  const [a, b] = [renewal(claims.jti, w.seconds + 2000 + i), renewal(claims.jti, w.seconds + 3000 + i)];
  return [a, b, renewal(a.claims.jti, w.seconds + 4000 + i)];
});
const OFFER = { images: ['tiny'], profiles: ['standard'], maxTermSeconds: 86_400, owner: OPEN_POLICY };
const CAPACITY = { ...RIGHTS, cpuMilli: 2 * AMOUNTS.cpuMilli }; // room for two of the three slices

/** The node's deciding half on a pretended disk: memory runs ahead of it, a crash forgets what was not yet written. */
class Node {
  readonly disk: string[] = [];
  private queue: { line: string; acknowledged: () => void }[] = [];
  state: NodeState = emptyNode();
  books = new Books(NODE_URN, CAPACITY, []);

  constructor() {
    this.record({ t: 'born', at: w.now, incarnation: w.incarnation }, () => {});
    this.flush(1);
  }

  record(event: NodeEvent, acknowledged: () => void) {
    applyEvent(this.state, event);
    this.queue.push({ line: JSON.stringify(event), acknowledged });
  }

  /** The first so many of what is queued reach the disk, and their callers are told. */
  flush(count: number) {
    for (const { line, acknowledged } of this.queue.splice(0, count)) {
      this.disk.push(line);
      acknowledged();
    }
  }

  /** Some of the queue may have reached the disk though nobody was told. `compact`: the journal is a snapshot from now on. */
  crash(unacknowledged: number, compact: boolean) {
    this.disk.push(...this.queue.splice(0, unacknowledged).map(({ line }) => line));
    this.queue = [];
    this.state = emptyNode();
    for (const line of this.disk) applyEvent(this.state, NodeEvent.parse(JSON.parse(line)));
    if (compact) this.state = fromSnapshot(JSON.parse(JSON.stringify(snapshotOf(this.state))));
    this.books = new Books(NODE_URN, CAPACITY, this.state.leases.values());
  }

  get self(): NodeSelf {
    return { urn: NODE_URN, key: w.keys.node, state: this.state };
  }
}

const act = fc.oneof(
  fc.record({ do: fc.constant('redeem' as const), n: fc.nat(TICKETS.length - 1) }),
  fc.record({ do: fc.constant('redeem' as const), n: fc.nat(TICKETS.length - 1) }),
  fc.record({ do: fc.constant('renew' as const), n: fc.nat(RENEWALS.length - 1) }),
  fc.record({ do: fc.constant('renew' as const), n: fc.nat(RENEWALS.length - 1) }),
  fc.record({ do: fc.constant('release' as const), n: fc.nat(2) }),
  fc.record({ do: fc.constant('burn' as const), n: fc.nat(TICKETS.length - 1) }),
  fc.record({ do: fc.constant('flush' as const), n: fc.nat(3) }),
  fc.record({ do: fc.constant('flush' as const), n: fc.nat(3) }),
  fc.record({ do: fc.constant('crash' as const), n: fc.nat(3) }),
  fc.record({ do: fc.constant('compact' as const), n: fc.nat(3) }),
);

test('a ticket becomes at most one lease, for ever, whatever is redeemed, renewed, released, burnt, lost in a crash and replayed', {
  timeout: 60_000,
}, () => {
  const seen = { leases: 0, spent: 0, burnt: 0, full: 0, renewed: 0, late: 0 };
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60, size: 'max' }), (acts) => {
      const node = new Node();
      /** What callers were told. */
      const told = { leases: new Map(), ended: new Set(), burnt: new Set(), renewed: new Map() } as Told;
      for (const { do: what, n } of acts) {
        if (what === 'redeem') redeem(node, told, TICKETS[n]?.claims, n, seen);
        else if (what === 'renew') renew(node, told, n, seen);
        else if (what === 'flush') node.flush(n);
        else if (what === 'crash' || what === 'compact') node.crash(n, what === 'compact');
        else if (what === 'burn') {
          const { iss, jti } = TICKETS[n]?.claims ?? { iss: '', jti: '' };
          if (node.state.spent.has(`${iss} ${jti}`)) continue;
          node.record({ t: 'burnt', at: w.now, iss, jti, receipt: 'r' }, () => told.burnt.add(jti));
        } else {
          for (const lease of [...node.state.leases.values()].filter((l) => l.slice.endsWith(`s${n}`))) {
            node.books.strike(lease);
            node.record({ t: 'ended', at: w.now, lease: lease.jti, receipt: 'r' }, () => told.ended.add(lease.jti));
          }
        }
        check(node, told);
      }
    }),
    { numRuns: 400 },
  );
  expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(30);
});

type Told = {
  leases: Map<string, string>;
  ended: Set<string>;
  burnt: Set<string>;
  /** Renewal ticket → the lease and its end. */
  renewed: Map<string, { lease: string; end: number }>;
};
type Seen = Record<'leases' | 'spent' | 'burnt' | 'full' | 'renewed' | 'late', number>;

function renew(node: Node, told: Told, n: number, seen: Seen) {
  const ticket = RENEWALS[n];
  if (!ticket) return;
  const { jti, end, replaces } = ticket.claims;
  try {
    const lease = renewLease(node.self, node.books, OFFER, ticket.verified, ticket.text, w.now);
    expect(told.renewed.has(jti)).toBe(false);
    expect(node.state.leases.get(lease.jti)?.ticket.jti).toBe(replaces);
    expect(told.ended.has(lease.jti)).toBe(false);
    seen.renewed++;
    node.books.enter(lease);
    node.record({ t: 'renewed', at: w.now, lease }, () => told.renewed.set(jti, { lease: lease.jti, end }));
  } catch (err) {
    if (!(err instanceof Refused)) throw err;
    if (err.code === 'RENEWAL_MISMATCH') seen.late++;
    else if (err.code !== 'TICKET_SPENT') expect(err.code).toBe('NO_LEASE');
  }
}

function redeem(node: Node, told: Told, claims: TicketClaims | undefined, n: number, seen: Seen) {
  const ticket = TICKETS[n];
  if (!ticket || !claims) return;
  try {
    const lease = makeLease(node.self, node.books, OFFER, ticket.verified, ticket.text, w.now);
    expect(told.burnt.has(claims.jti)).toBe(false);
    expect(told.leases.has(claims.jti)).toBe(false);
    seen.leases++;
    node.books.enter(lease);
    node.record({ t: 'leased', at: w.now, lease }, () => told.leases.set(claims.jti, lease.jti));
  } catch (err) {
    if (!(err instanceof Refused)) throw err;
    if (err.code === 'TICKET_SPENT') seen.spent++;
    else if (err.code === 'TICKET_BURNT') seen.burnt++;
    else if (err.code === 'NODE_FULL') seen.full++;
    else expect(err.code).toBe('ALREADY_LEASED');
  }
}

function check(node: Node, told: Told) {
  const live = [...node.state.leases.values()];
  // What was acknowledged is there, until its end was decided; what ended stays ended.
  for (const lease of told.ended) expect(node.state.leases.has(lease)).toBe(false);
  for (const [jti, lease] of told.leases) expect(node.state.spent.get(`${w.keys.agent.jkt} ${jti}`)?.lease).toBe(lease);
  for (const [jti, { lease, end }] of told.renewed) {
    expect(node.state.spent.get(`${w.keys.agent.jkt} ${jti}`)?.lease).toBe(lease);
    const live = node.state.leases.get(lease);
    if (live) expect(live.end).toBeGreaterThanOrEqual(end);
  }
  for (const jti of told.burnt) expect(node.state.spent.get(`${w.keys.agent.jkt} ${jti}`)?.fate).toBe('burnt');
  // One lease per ticket and per slice, and never more than there is.
  expect(new Set(live.map((l) => l.ticket.jti)).size).toBe(live.length);
  expect(new Set(live.map((l) => l.slice)).size).toBe(live.length);
  const held = live.reduce((sum, l) => sum + l.resources.cpuMilli, 0);
  expect(held).toBeLessThanOrEqual(CAPACITY.cpuMilli);
  expect(node.books.freeAt(w.now).cpuMilli).toBe(CAPACITY.cpuMilli - held);
}
