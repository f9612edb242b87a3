import { Refused } from '@/core/errors';
import { MAX_TOTAL_SECONDS, renewTerm } from '@/core/lease/term';
import type { ResourceVector } from '@/core/resources/vector';
import { SKEW_SECONDS } from '@/core/statement/bounds';
import type { LeaseClaims, TicketClaims } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import type { VerifiedTicket } from '@/protocol/statement/ticket';
import type { Books } from './books';
import { type LeaseRecord, ticketKey } from './node-state';
import { chargedLink, judgeUnspent, type NodeSelf, ticketHash } from './redeem';
import { judgeOpen, type Offer } from './wish';

/**
 * Judges a verified renewal ticket and makes the lease anew, to the ticket's end: nothing is changed, the caller enters it in
 * the same turn. The lease keeps its id, start, sliver, holder and amounts; its ticket, end, grace, links and text are the new ones. It
 * must be live: scheduled, running, or in its grace. The new end is at most `offer.maxTermSeconds` ahead; from the start it is at most
 * what the owner says, all renewals counted.
 * `now`: epoch ms. Throws Refused TICKET_SPENT, TICKET_BURNT, RENEWAL_MISMATCH, NO_LEASE, WRONG_HOLDER, NODE_CLOSED, BARRED_BY_OWNER,
 * LEASE_OVER, WRONG_STATE (ends no later), TERM_TOO_LONG, ALREADY_LEASED (a later lease of the slice), NODE_FULL, TOO_MANY_SLIVERS,
 * EXCEEDS_PARENT.
 */
export function renewLease(
  self: NodeSelf,
  books: Books,
  offer: Offer,
  ticket: VerifiedTicket,
  text: string,
  now: number,
): LeaseRecord {
  const { claims, chain } = ticket;
  judgeUnspent(self.state, claims);
  const lease = replacedLease(self, claims);
  judgeSame(lease, claims, now);
  judgeOpen(self, offer, lease.slice);
  const most = {
    maxAheadSeconds: offer.maxTermSeconds,
    maxTotalSeconds: offer.owner.maxTermSeconds ?? MAX_TOTAL_SECONDS,
  };
  const term = renewTerm(lease, claims, most, now);
  const { resources } = lease;
  books.judgeAlone(lease.slice, lease.holder, { ...term, resources }, lease.jti);
  const links = chain.map(chargedLink);
  books.judgeRenewal(lease, { ...term, resources, links });
  const signed: LeaseClaims = {
    iss: self.key.jkt,
    jti: lease.jti,
    node: self.urn,
    incarnation: self.state.incarnation,
    slice: lease.slice,
    sliver: lease.sliver,
    cnf: { jkt: lease.holder },
    sub: claims.sub,
    resources,
    ...term,
    ticket: { iss: claims.iss, jti: claims.jti },
    iat: Math.floor(now / 1000),
  };
  return {
    ...lease,
    ...term,
    sub: claims.sub,
    ticket: signed.ticket,
    ticketHash: ticketHash(text),
    ticketText: text,
    links,
    text: signStatement('lease+jwt', signed, self.key),
  };
}

/**
 * The live lease of the ticket that this one replaces. Another issuer may continue it, with authority of its own: the lease is charged to
 * that chain from then on, and the holder, who presents both, wants it so.
 */
function replacedLease({ urn, state }: NodeSelf, { iss, replaces, slice }: TicketClaims): LeaseRecord {
  if (replaces === undefined) throw new Refused('RENEWAL_MISMATCH', { problem: 'the ticket replaces none' });
  const spent = state.spent.get(ticketKey({ iss, jti: replaces }));
  const own = spent?.lease ? state.leases.get(spent.lease) : undefined;
  const lease = own ?? [...state.leases.values()].find((one) => one.ticket.jti === replaces && one.slice === slice);
  if (!lease) throw new Refused('NO_LEASE', { slice, node: urn });
  // The tickets that a lease went through are all spent on it; only its last one can be replaced.
  if (lease.ticket.jti !== replaces)
    throw new Refused('RENEWAL_MISMATCH', { problem: 'another ticket renewed the lease before', lease: lease.jti });
  return lease;
}

/** Same slice, same holder, same amounts; the ticket's term has begun, so that it covers all that is left of the lease. */
function judgeSame(lease: LeaseRecord, claims: TicketClaims, now: number): void {
  if (claims.cnf.jkt !== lease.holder)
    throw new Refused('WRONG_HOLDER', { expected: lease.holder, got: claims.cnf.jkt });
  const mismatch = (problem: string) => new Refused('RENEWAL_MISMATCH', { problem, lease: lease.jti });
  if (claims.slice !== lease.slice) throw mismatch('the lease is another slice’s');
  if (claims.start > lease.start && (claims.start - SKEW_SECONDS) * 1000 > now)
    throw mismatch('the ticket’s term begins later than now');
  const names = Object.keys(lease.resources) as (keyof ResourceVector)[]; // the vector's own keys
  const other = names.find((name) => claims.resources[name] !== lease.resources[name]);
  if (other)
    throw mismatch(`${other} is ${claims.resources[other]} in the ticket and ${lease.resources[other]} in the lease`);
}
