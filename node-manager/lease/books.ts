import { type AdmissionBook, admissionBook, type Claim, nodeFull } from '@/core/admission/admission';
import { ChainBooks } from '@/core/admission/chain-books';
import { Refused } from '@/core/errors';
import { type HardAmounts, hardOf } from '@/core/resources/vector';
import type { LeaseRecord } from './node-state';

type Held = Pick<LeaseRecord, 'resources' | 'start' | 'end' | 'graceSeconds'>;

/**
 * What a lease holds, and from when until when (epoch ms). All of it also in the grace, in which the sliver is stopped but
 * kept: a renewal in the grace must find its room still there.
 */
export function claimOf(lease: Held): Claim {
  return { start: lease.start * 1000, end: (lease.end + lease.graceSeconds) * 1000, amounts: hardOf(lease.resources) };
}

/** The node's books: its capacity over time, and what each delegation link was charged. */
export class Books {
  private readonly node: AdmissionBook;
  private readonly links = new ChainBooks();

  constructor(
    private readonly urn: string,
    readonly capacity: HardAmounts,
    leases: Iterable<LeaseRecord>,
  ) {
    this.node = admissionBook(capacity);
    for (const lease of leases) this.enter(lease);
  }

  /** Throws NODE_FULL when the node has no room, EXCEEDS_PARENT when a link of the chain was given less than is leased under it. */
  judge(want: Held & Pick<LeaseRecord, 'links'>): void {
    const claim = claimOf(want);
    const room = this.node.admit(claim);
    if (!room.ok) throw nodeFull(room, this.urn);
    this.judgeLinks(want, claim);
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
    this.judgeLinks(want, claim, lease.jti);
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
    this.links.charge(lease.jti, lease.links, claimOf(lease));
  }

  strike(lease: LeaseRecord): void {
    this.node.remove(lease.jti);
    this.links.discharge(lease.jti);
  }

  freeAt(at: number): HardAmounts {
    return this.node.freeAt(at);
  }
}
