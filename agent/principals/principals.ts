import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { Buckets } from '@/core/rate/buckets';
import type * as p from '@/protocol/agent/principals';
import type { AgentService } from '@/protocol/agent/router';
import type { IssueInput, ReturnInput } from '@/protocol/agent/schemas';
import { decodeUnverified } from '@/protocol/statement/verify';
import type { Peer } from '@/protocol/trpc';
import type { Issuer } from '../issue';
import type { Pool } from '../store/database';
import { type PrincipalRow, readOwnLeases, readOwnSlices, readOwnTickets, readPrincipal } from '../store/principals';
import { readTickets } from '../store/tickets';
import { demandCounts } from './demand';

/** How fast one key asks. A ticket counts a tenth of a call: a request for many is one commit. */
const RATE = { perSecond: 5, burst: 120 };
const TICKETS_PER_CALL = 10;
const MAX_KEYS = 10_000;

type Own = Pick<AgentService, 'ownSlices' | 'ownTickets' | 'ownLeases'>;

/** What the agent does for, and asks of, people's own service managers. */
export class Principals implements Own {
  private readonly rates = new Buckets(MAX_KEYS);

  constructor(
    private readonly pool: Pool,
    private readonly issuer: Pick<Issuer, 'key'>,
  ) {}

  /**
   * The person behind a key that counts now: registered by them, approved, not taken back, and they themselves enabled. Asked at each
   * call, so that nothing outlives a change of that. @throws Refused NOT_ALLOWED, REVOKED, RATE_LIMITED
   */
  async demand(peer: Peer, cost = 1): Promise<PrincipalRow> {
    const retryAfterSeconds = this.rates.take(peer.jkt, cost, RATE, Date.now());
    if (retryAfterSeconds > 0) throw new Refused('RATE_LIMITED', { retryAfterSeconds });
    return demandCounts(await readPrincipal(this.pool, peer.jkt), peer);
  }

  async demandIssue(peer: Peer, input: z.infer<typeof IssueInput>): Promise<void> {
    await this.demand(peer, 1 + input.nodes.length / TICKETS_PER_CALL);
    if (input.sub !== peer.urn)
      throw new Refused('INVALID_INPUT', { field: 'sub', problem: 'must be the URN of the person whose key asks' });
  }

  /** Tickets are given back by whom they were made out to. @throws Refused NOT_FOUND for another's */
  async demandReturn(peer: Peer, input: z.infer<typeof ReturnInput>): Promise<void> {
    await this.demand(peer, 1 + input.tickets.length / TICKETS_PER_CALL);
    const { jkt } = this.issuer.key;
    const ids = input.tickets.filter((one) => one.iss === jkt).map((one) => one.jti);
    const known = new Map((await readTickets(this.pool, jkt, ids)).map((one) => [one.jti, one.ticket]));
    for (const { jti } of input.tickets)
      if (!isMadeOutTo(known.get(jti), peer)) throw new Refused('NOT_FOUND', { kind: 'ticket', id: jti });
  }

  async ownSlices(peer: Peer): Promise<z.infer<typeof p.OwnSlicesOutput>> {
    const { userId } = await this.demand(peer);
    const iso = (seconds: number) => (seconds > 0 ? new Date(seconds * 1000).toISOString() : null);
    const slices = await readOwnSlices(this.pool, userId);
    return {
      slices: slices.map(({ id: _, ownManager: __, start, end, ...slice }) => ({
        ...slice,
        startsAt: iso(start),
        endsAt: iso(end),
      })),
    };
  }

  async ownTickets(peer: Peer, input: z.infer<typeof p.OwnTicketsInput>): Promise<z.infer<typeof p.OwnTicketsOutput>> {
    const { userId } = await this.demand(peer);
    const { slice = null, after = '', limit } = input;
    const rows = await readOwnTickets(this.pool, { iss: this.issuer.key.jkt, userId, slice, after, limit });
    return {
      tickets: rows
        .filter((row) => isMadeOutTo(row.ticket, peer))
        .map(({ start, end, redeemBefore, address, jkt, ...row }) => ({
          ...row,
          start: start.toISOString(),
          end: end.toISOString(),
          redeemBefore: redeemBefore.toISOString(),
          dial: address && jkt ? { address, jkt } : null,
        })),
      next: rows.length === limit ? (rows.at(-1)?.jti ?? null) : null,
    };
  }

  async ownLeases(peer: Peer): Promise<z.infer<typeof p.OwnLeasesOutput>> {
    await this.demand(peer);
    const rows = await readOwnLeases(this.pool, peer.jkt);
    return {
      leases: rows.map(({ start, end, seenAt, ...row }) => ({
        ...row,
        start: start.toISOString(),
        end: end.toISOString(),
        seenAt: seenAt.toISOString(),
      })),
    };
  }
}

function isMadeOutTo(ticket: string | undefined, peer: Peer): boolean {
  return ticket !== undefined && decodeUnverified('ticket+jwt', ticket).claims.cnf.jkt === peer.jkt;
}
