import { LoadProfile } from '@/core/admission/load-profile';
import { type RefusalFacts, Refused } from '@/core/errors';
import { judgeSlice, type OwnerPolicy, stricter } from '@/core/node/owner-policy';
import { NOTHING } from '@/core/resources/vector';
import { isoAt, overlaps, type Span } from '@/core/time/span';
import type { Held } from './claim';
import type { NodeState } from './node-state';

/** What the node offers and how far it goes. */
export type Offer = {
  images: readonly string[];
  profiles: readonly string[];
  maxTermSeconds: number;
  /** What the owner of the machine lays down. */
  owner: OwnerPolicy;
};

type Decider = { urn: string; state: NodeState };

/** Takes the node new slivers at all, and this slice's (where it is known)? Throws Refused NODE_CLOSED, BARRED_BY_OWNER. */
export function judgeOpen({ urn, state }: Decider, { owner }: Offer, slice: string | undefined): void {
  const adminSwitch = stricter(state.adminSwitch, owner.adminSwitch);
  if (adminSwitch !== 'open') throw new Refused('NODE_CLOSED', { node: urn, adminSwitch });
  if (slice !== undefined) judgeSlice(owner, urn, slice);
}

/** Throws Refused IMAGE_UNKNOWN, PROFILE_UNKNOWN, TERM_TOO_LONG. */
export function judgeOffer(offer: Offer, wish: Held): void {
  const { image, profile } = wish.resources;
  if (!offer.images.includes(image)) throw new Refused('IMAGE_UNKNOWN', { image, offers: [...offer.images] });
  if (!offer.profiles.includes(profile)) throw new Refused('PROFILE_UNKNOWN', { profile, offers: [...offer.profiles] });
  const askedSeconds = wish.end - wish.start;
  if (askedSeconds > offer.maxTermSeconds)
    throw new Refused('TERM_TOO_LONG', { askedSeconds, maxSeconds: offer.maxTermSeconds });
}

type Spoken = Span & { holder: string };

/**
 * When each slice has its leases: at most one of them holds at any instant, and all are one holder's: a slice's keys let into every
 * sliver of it, so nobody else may come to have one, not even later.
 */
export class SliceSpans {
  private readonly spans = new Map<string, Map<string, Spoken>>();

  enter(slice: string, id: string, span: Spoken): void {
    const spans = this.spans.get(slice) ?? new Map<string, Spoken>();
    this.spans.set(slice, spans.set(id, span));
  }

  strike(slice: string, id: string): void {
    const spans = this.spans.get(slice);
    if (spans?.delete(id) && spans.size === 0) this.spans.delete(slice);
  }

  /** When a lease of the slice holds that shares an instant with the span; `without`: the lease that a renewal prolongs. */
  other(slice: string, span: Span, without?: string): Span | null {
    for (const [id, held] of this.spans.get(slice) ?? []) if (id !== without && overlaps(held, span)) return held;
    return null;
  }

  /** When a lease of the slice holds that is not this holder's, at whatever time. */
  another(slice: string, holder: string): Span | null {
    for (const held of this.spans.get(slice)?.values() ?? []) if (held.holder !== holder) return held;
    return null;
  }
}

/** How many slivers are held over time, against the most that the owner wants. */
export class Places {
  private readonly load = new LoadProfile();
  private readonly held = new Map<string, Span>();
  max: number | null = null;

  enter(id: string, span: Span): void {
    this.strike(id);
    this.held.set(id, span);
    this.load.change(span, { ...NOTHING, cpuMilli: 1 }, 1);
  }

  strike(id: string): void {
    const span = this.held.get(id);
    if (!span) return;
    this.held.delete(id);
    this.load.change(span, { ...NOTHING, cpuMilli: 1 }, -1);
  }

  /** Throws Refused TOO_MANY_SLIVERS when there is an instant of the span at which no place is free. */
  judge(urn: string, span: Span): void {
    if (this.max === null) return;
    const held = this.load.peak(span).cpuMilli;
    if (held < this.max) return;
    const full = this.max > 0 ? this.load.firstAbove('cpuMilli', this.max - 1, span) : null;
    const facts: RefusalFacts = { node: urn, held, max: this.max };
    if (full && Number.isFinite(full.end)) facts.until = isoAt(full.end);
    throw new Refused('TOO_MANY_SLIVERS', facts);
  }

  /** When the last stretch without a free place in the span is over; null when there is none, Infinity when there is never one. */
  fullUntil(span: Span): number | null {
    if (this.max === null) return null;
    return this.max === 0 ? Number.POSITIVE_INFINITY : this.load.lastAboveEnds('cpuMilli', this.max - 1, span);
  }
}
