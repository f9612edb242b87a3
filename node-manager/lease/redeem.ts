import { createHash, randomBytes } from 'node:crypto';
import { Refused } from '@/core/errors';
import { hardOf } from '@/core/resources/vector';
import type { VerifiedLink } from '@/protocol/statement/delegation';
import type { IdentityKey } from '@/protocol/statement/keys';
import type { LeaseClaims, TicketReceiptClaims } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import type { VerifiedTicket } from '@/protocol/statement/ticket';
import { sliverUrn } from '../sliver/names';
import type { Books } from './books';
import { type LeaseRecord, type NodeState, ticketKey } from './node-state';
import { judgeOffer, judgeOpen, type Offer } from './wish';

/** Whoever decides on a node: its name, key and state. */
export type NodeSelf = { urn: string; key: IdentityKey; state: NodeState };

/** An id for a statement: 128 random bits. */
export function newStatementId(): string {
  if (drawn >= pool.length) {
    pool = randomBytes(ID_BYTES * 256); // one call into the kernel costs more than an id
    drawn = 0;
  }
  drawn += ID_BYTES;
  return pool.toString('base64url', drawn - ID_BYTES, drawn);
}

const ID_BYTES = 16;
let pool = Buffer.alloc(0);
let drawn = 0;

export function ticketHash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/**
 * Judges a verified ticket against the node's state and books, and makes the lease: nothing is changed, the caller enters it in the same
 * turn. `now`: epoch ms. Throws Refused NODE_CLOSED, BARRED_BY_OWNER, TICKET_SPENT, TICKET_BURNT, WRONG_STATE, ALREADY_LEASED,
 * IMAGE_UNKNOWN, PROFILE_UNKNOWN, TERM_TOO_LONG, NODE_FULL, TOO_MANY_SLIVERS, EXCEEDS_PARENT.
 */
export function makeLease(
  self: NodeSelf,
  books: Books,
  offer: Offer,
  ticket: VerifiedTicket,
  text: string,
  now: number,
): LeaseRecord {
  const { claims, chain } = ticket;
  const { state } = self;
  judgeUnspent(state, claims);
  if (claims.replaces !== undefined) {
    // It prolongs a lease, and must not bring back one that was released.
    const state = `a renewal of ${claims.replaces}`;
    throw new Refused('WRONG_STATE', { kind: 'ticket', id: claims.jti, state, needs: 'a ticket for a new lease' });
  }
  judgeOpen(self, offer, claims.slice);
  judgeOffer(offer, claims);
  const wanted = {
    resources: claims.resources,
    start: claims.start,
    end: claims.end,
    graceSeconds: claims.graceSeconds,
  };
  books.judgeAlone(claims.slice, claims.cnf.jkt, wanted);
  const links = chain.map(chargedLink);
  books.judge({ ...wanted, links });
  const lease: LeaseClaims = {
    iss: self.key.jkt,
    jti: newStatementId(),
    node: self.urn,
    incarnation: state.incarnation,
    slice: claims.slice,
    sliver: '',
    cnf: { jkt: claims.cnf.jkt },
    sub: claims.sub,
    ...wanted,
    ticket: { iss: claims.iss, jti: claims.jti },
    iat: Math.floor(now / 1000),
  };
  lease.sliver = sliverUrn(claims.slice, self.urn, lease.jti);
  const { jti, slice, sliver, sub } = lease;
  return {
    jti,
    slice,
    sliver,
    sub,
    holder: lease.cnf.jkt,
    ...wanted,
    ticket: lease.ticket,
    ticketHash: ticketHash(text),
    ticketText: text,
    links,
    text: signStatement('lease+jwt', lease, self.key),
  };
}

/** A verified link as the node charges and remembers it. */
export function chargedLink(link: VerifiedLink): LeaseRecord['links'][number] {
  const { iss, jti, granteeJkt, line, rights, degreeMilli } = link;
  return { iss, jti, granteeJkt, line, rights: hardOf(rights), degreeMilli };
}

/** A ticket counts once per node, for ever. */
export function judgeUnspent(state: NodeState, ticket: { iss: string; jti: string }): void {
  const spent = state.spent.get(ticketKey(ticket));
  if (!spent) return;
  const facts = { iss: ticket.iss, jti: ticket.jti };
  throw spent.fate === 'burnt' ? new Refused('TICKET_BURNT', facts) : new Refused('TICKET_SPENT', facts);
}

/** A signed word that a lease or ticket is over: released, lapsed, or burnt before it was redeemed. */
export function makeReceipt(
  self: NodeSelf,
  what: Pick<TicketReceiptClaims, 'kind' | 'slice' | 'ticket' | 'code' | 'facts'> & { lease?: string },
  now: number,
): string {
  const at = Math.floor(now / 1000);
  return signStatement(
    'receipt+jwt',
    {
      iss: self.key.jkt,
      jti: newStatementId(),
      node: self.urn,
      incarnation: self.state.incarnation,
      ...what,
      since: at,
      iat: at,
    },
    self.key,
  );
}
