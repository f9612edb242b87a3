import { Refused } from '@/core/errors';
import { Buckets } from '@/core/rate/buckets';
import type { Peer } from '@/protocol/trpc';

type Bounds = {
  /** Calls in a second, on the average, and at most so many at once after a quiet time. */
  perSecond: number;
  burst: number;
  /** Leases on this node at once: each is memory, whatever it holds. */
  leases: number;
  /** Commands and terminals at once, of all its slivers. */
  execs: number;
  terminals: number;
};

/**
 * How far one key of another than the deployment may go on a node. A call waits for at most a minute, so what a key has under way is
 * bounded by its rate.
 */
export const HOLDER_BOUNDS: Record<'principal' | 'partner-manager', Bounds> = {
  principal: { perSecond: 20, burst: 200, leases: 64, execs: 4, terminals: 8 },
  'partner-manager': { perSecond: 100, burst: 1_000, leases: 1_000, execs: 16, terminals: 32 },
};

const NO_BOUNDS: Bounds = {
  perSecond: Number.POSITIVE_INFINITY,
  burst: Number.POSITIVE_INFINITY,
  leases: Number.POSITIVE_INFINITY,
  execs: Number.POSITIVE_INFINITY,
  terminals: Number.POSITIVE_INFINITY,
};

/** Keys whose rates are remembered. */
const MAX_KEYS = 1_000;

/** What a peer may have at once. The deployment's own service manager serves everybody and is bounded by the node's own bounds alone. */
export function boundsOf(peer: Peer): Bounds {
  return peer.kind === 'principal' || peer.kind === 'partner-manager' ? HOLDER_BOUNDS[peer.kind] : NO_BOUNDS;
}

/** How fast each holder asks. */
export class HolderRates {
  private readonly buckets = new Buckets(MAX_KEYS);

  constructor(private readonly now: () => number = Date.now) {}

  /** Counts a call that costs as much as `cost` small ones. @throws Refused RATE_LIMITED */
  take(peer: Peer, cost: number): void {
    const bounds = boundsOf(peer);
    if (!Number.isFinite(bounds.burst)) return;
    const retryAfterSeconds = this.buckets.take(peer.jkt, cost, bounds, this.now());
    if (retryAfterSeconds > 0) throw new Refused('RATE_LIMITED', { retryAfterSeconds });
  }
}
