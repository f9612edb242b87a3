/** A rate: so many in a second on the average, and at most so many at once after a quiet time. */
export type Rate = { perSecond: number; burst: number };

/** Token buckets by key. Those of the keys that were quiet the longest are forgotten beyond `maxKeys`: they would be full by then. */
export class Buckets {
  /** In the order of their last use. */
  private readonly buckets = new Map<string, { tokens: number; at: number }>();

  constructor(private readonly maxKeys: number) {}

  /** Takes `cost` tokens; gives 0 when there were enough, else in how many seconds (at least 1) there will be. `now`: epoch ms. */
  take(key: string, cost: number, { perSecond, burst }: Rate, now: number): number {
    const before = this.buckets.get(key) ?? { tokens: burst, at: now };
    const tokens = Math.min(burst, before.tokens + (Math.max(0, now - before.at) / 1000) * perSecond);
    const enough = tokens >= cost;
    this.buckets.delete(key);
    this.buckets.set(key, { tokens: enough ? tokens - cost : tokens, at: now });
    const [oldest] = this.buckets.keys();
    if (this.buckets.size > this.maxKeys && oldest !== undefined) this.buckets.delete(oldest);
    return enough ? 0 : Math.max(1, Math.ceil((cost - tokens) / perSecond));
  }
}
