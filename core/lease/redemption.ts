import { Refused } from '../errors';

/** A ticket's identity: redemption is keyed by it, never by text. */
export type TicketKey = { iss: string; jti: string };

/** What a journal acknowledges. A renewal replaces the slice's live lease; `ended` is released, lapsed or failed. */
export type RedemptionEvent =
  | { kind: 'redeemed'; ticket: TicketKey; slice: string; lease: string; replaces?: string }
  | { kind: 'burnt'; ticket: TicketKey }
  | { kind: 'ended'; slice: string; lease: string };

/** The words of `judge`: `new`, or `again` with the lease that this very ticket became. */
export type RedemptionVerdict = { outcome: 'new' } | { outcome: 'again'; lease: string };

/** One text for a ticket's identity. Neither part can hold a slash. */
export function ticketKey(ticket: TicketKey): string {
  return `${ticket.iss}/${ticket.jti}`;
}

/**
 * What a node must remember to redeem each ticket at most once, for ever: across release, crash and restart. It is the
 * fold of the journal's events; nothing in it is ever forgotten by a release. No I/O: the caller makes an event durable
 * first, then applies it.
 */
export class Redemptions {
  /** Ticket → the lease it became. */
  private readonly redeemed = new Map<string, string>();
  /** Tickets given up before they were redeemed. */
  private readonly burnt = new Set<string>();
  /** Slice → its one live lease. */
  private readonly live = new Map<string, string>();

  /** The slice's live lease. */
  liveLease(slice: string): string | undefined {
    return this.live.get(slice);
  }

  /** The lease that the ticket became, live or not. */
  leaseOf(ticket: TicketKey): string | undefined {
    return this.redeemed.get(ticketKey(ticket));
  }

  isBurnt(ticket: TicketKey): boolean {
    return this.burnt.has(ticketKey(ticket));
  }

  /**
   * May the ticket be redeemed now? `again`: it was, and its lease lives, so that lease is the answer and nothing else
   * happens. `replaces` is the live lease that a renewal moves on. Throws `TICKET_BURNT`, `TICKET_SPENT` (its lease is
   * gone: a late retry brings nothing back), `ALREADY_LEASED`, `NO_LEASE` (nothing to renew).
   */
  judge(want: { ticket: TicketKey; slice: string; replaces?: string }): RedemptionVerdict {
    const { iss, jti } = want.ticket;
    const lease = this.leaseOf(want.ticket);
    const live = this.live.get(want.slice);
    if (lease !== undefined) {
      if (lease === live) return { outcome: 'again', lease };
      throw new Refused('TICKET_SPENT', { iss, jti });
    }
    if (this.isBurnt(want.ticket)) throw new Refused('TICKET_BURNT', { iss, jti });
    if (want.replaces === undefined && live !== undefined) throw new Refused('ALREADY_LEASED', { slice: want.slice });
    if (want.replaces !== undefined && want.replaces !== live) throw new Refused('NO_LEASE', { slice: want.slice });
    return { outcome: 'new' };
  }

  /**
   * Takes in an acknowledged event. One that is already in changes nothing, so a replay that overlaps is harmless; it
   * decides nothing: what was acknowledged was judged then.
   */
  apply(event: RedemptionEvent): void {
    if (event.kind === 'burnt') {
      this.burnt.add(ticketKey(event.ticket));
    } else if (event.kind === 'ended') {
      if (this.live.get(event.slice) === event.lease) this.live.delete(event.slice);
    } else if (!this.redeemed.has(ticketKey(event.ticket))) {
      this.redeemed.set(ticketKey(event.ticket), event.lease);
      this.live.set(event.slice, event.lease);
    }
  }
}
