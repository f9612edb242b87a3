import { type AdmissionBook, admissionBook, type Claim, nodeFull } from '@/core/admission/admission';
import { ChainBooks, type ChargedLink } from '@/core/admission/chain-books';
import { roomOf } from '@/core/admission/fit';
import { Refused } from '@/core/errors';
import type { HardAmounts } from '@/core/resources/vector';
import { isoAt, type Span } from '@/core/time/span';
import { claimOf, type Held } from './claim';
import type { LeaseRecord } from './node-state';
import { Places, SliceSpans } from './wish';

/** The node's books: its capacity and places over time, and what each delegation link was charged. */
export class Books {
  private readonly node: AdmissionBook;
  private readonly links = new ChainBooks();
  private readonly places = new Places();
  private readonly slices = new SliceSpans();

  constructor(
    private readonly urn: string,
    capacity: HardAmounts,
    leases: Iterable<LeaseRecord>,
  ) {
    this.node = admissionBook(capacity);
    for (const lease of leases) this.enter(lease);
  }

  get capacity(): HardAmounts {
    return this.node.capacity;
  }

  /** What may be held from now on. What is held already stays, also where it is more. */
  limit(capacity: HardAmounts, maxSlivers: number | null): void {
    this.node.capacity = capacity;
    this.places.max = maxSlivers;
  }

  /** Throws NODE_FULL when the node has no room, TOO_MANY_SLIVERS when it has no place, EXCEEDS_PARENT when a link of the chain was given less than is leased under it. */
  judge(want: Held & Pick<LeaseRecord, 'links'>): void {
    this.judgeRoom(want);
    this.judgeLinks(want, claimOf(want));
  }

  /** At most one lease of a slice at any instant, all of one holder; `without`: the lease that a renewal prolongs. Throws ALREADY_LEASED. */
  judgeAlone(slice: string, holder: string, want: Held, without?: string): void {
    const held = this.slices.another(slice, holder) ?? this.slices.other(slice, claimOf(want), without);
    if (held) throw new Refused('ALREADY_LEASED', { slice, node: this.urn, until: isoAt(held.end) });
  }

  /** As `judge`, of the node alone. */
  judgeRoom(want: Held): void {
    const claim = claimOf(want);
    const room = this.node.admit(claim);
    if (!room.ok) throw nodeFull(room, this.urn);
    this.places.judge(this.urn, claim);
  }

  /** What would fit over the span, of all resources at once; null when no place is free. */
  roomIn(span: Span): HardAmounts | null {
    if (this.places.fullUntil(span) !== null) return null;
    return roomOf(this.node, span);
  }

  /**
   * The first start, not before the wish's own, at which there is room and a place for as long as is wished, and the slice (where it
   * is known) has no other lease; null when there never is, or another holds the slice. Epoch ms.
   */
  earliest(want: Held, slice: string | undefined, holder: string): number | null {
    const { start, end, amounts } = claimOf(want);
    if (slice !== undefined && this.slices.another(slice, holder)) return null;
    for (let from = start; ; ) {
      const fits = this.node.earliestFit(amounts, end - start, from);
      if (fits === null) return null;
      const span = { start: fits, end: fits + end - start };
      const other = slice === undefined ? null : this.slices.other(slice, span);
      const next = Math.max(this.places.fullUntil(span) ?? fits, other?.end ?? fits);
      if (next === fits) return fits;
      if (!Number.isFinite(next)) return null;
      from = next;
    }
  }

  /**
   * As `judge`, for a lease that goes on. The node judges only the time that is added: the rest it has promised already. The
   * links are those of the new ticket and are charged for the whole of it, beside all but the lease itself.
   */
  judgeRenewal(lease: LeaseRecord, want: Held & Pick<LeaseRecord, 'links'>): void {
    const claim = claimOf(want);
    const added = { ...claim, start: claimOf(lease).end };
    const room = added.start < added.end ? this.node.admit(added, lease.jti) : { ok: true as const };
    if (!room.ok) throw nodeFull(room, this.urn);
    if (added.start < added.end) this.places.judge(this.urn, added);
    this.judgeLinks(want, claim, lease.jti);
  }

  /** Which link of the chain, from the root, was given less than would be held under it; -1 when none. */
  exceededLink(want: Held & Pick<LeaseRecord, 'links'>, without?: string): number {
    const charge = this.links.admit(want.links, claimOf(want), without);
    return charge.ok ? -1 : (want.links as readonly ChargedLink[]).indexOf(charge.link);
  }

  private judgeLinks({ links }: Pick<LeaseRecord, 'links'>, claim: Claim, without?: string): void {
    const charge = this.links.admit(links, claim, without);
    if (charge.ok) return;
    const { resource, wants, free, link } = charge;
    throw new Refused('EXCEEDS_PARENT', { what: resource, child: wants, parent: free, link: link.jti });
  }

  /** A lease of the same id, which is renewed, is replaced. */
  enter(lease: LeaseRecord): void {
    this.node.add(lease.jti, claimOf(lease));
    this.places.enter(lease.jti, claimOf(lease));
    this.slices.enter(lease.slice, lease.jti, { ...claimOf(lease), holder: lease.holder });
    this.links.charge(lease.jti, lease.links, claimOf(lease));
  }

  strike(lease: LeaseRecord): void {
    this.node.remove(lease.jti);
    this.places.strike(lease.jti);
    this.slices.strike(lease.slice, lease.jti);
    this.links.discharge(lease.jti);
  }

  freeAt(at: number): HardAmounts {
    return this.node.freeAt(at);
  }
}
