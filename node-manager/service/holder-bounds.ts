import { Refused } from '@/core/errors';
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

/** Keys whose rates are remembered; the one that was quiet the longest is forgotten first. */
const MAX_KEYS = 1_000;

/** What a peer may have at once. The deployment's own service manager serves everybody and is bounded by the node's own bounds alone. */
export function boundsOf(peer: Peer): Bounds {
  return peer.kind === 'principal' || peer.kind === 'partner-manager' ? HOLDER_BOUNDS[peer.kind] : NO_BOUNDS;
}

/** How fast each holder asks: a bucket of tokens for each key. */
export class HolderRates {
  /** In the order of their last call. */
  private readonly buckets = new Map<string, { tokens: number; at: number }>();

  constructor(private readonly now: () => number = Date.now) {}

  /** Counts a call that costs as much as `cost` small ones. @throws Refused RATE_LIMITED */
  take(peer: Peer, cost: number): void {
    const { perSecond, burst } = boundsOf(peer);
    if (!Number.isFinite(burst)) return;
    const at = this.now();
    const before = this.buckets.get(peer.jkt) ?? { tokens: burst, at };
    const tokens = Math.min(burst, before.tokens + (Math.max(0, at - before.at) / 1000) * perSecond);
    const enough = tokens >= cost;
    this.buckets.delete(peer.jkt);
    this.buckets.set(peer.jkt, { tokens: enough ? tokens - cost : tokens, at });
    const [oldest] = this.buckets.keys();
    if (this.buckets.size > MAX_KEYS && oldest !== undefined) this.buckets.delete(oldest);
    if (!enough)
      throw new Refused('RATE_LIMITED', { retryAfterSeconds: Math.max(1, Math.ceil((cost - tokens) / perSecond)) });
  }
}
