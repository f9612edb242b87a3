/** What a feed hands to each of its followers: what was read, and when the reading began (performance.now()). */
export type Delivery<T> = { began: number; read: T };

/** The database could not be read: how long until the next try. */
const RETRY_MS = 1_000;

/**
 * One subject that several streams follow. Changes are gathered for at most `gatherMs`, read once, and given to all
 * followers; readings never overlap, so that deliveries come in the order of what they saw.
 */
export class Feed<T> {
  private readonly followers = new Set<(delivery: Delivery<T>) => void>();
  private readonly dirty = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private reading = false;
  private again = false;

  /**
   * @param read Reads what changed; `ids` are those that were named since the last reading.
   * @param onIdle Nobody follows any more.
   */
  constructor(
    private readonly read: (ids: string[]) => Promise<T>,
    private readonly gatherMs: number,
    private readonly onIdle: () => void,
    private readonly onError: (err: unknown) => void,
  ) {}

  follow(follower: (delivery: Delivery<T>) => void): () => void {
    this.followers.add(follower);
    return () => {
      this.followers.delete(follower);
      if (this.followers.size > 0) return;
      clearTimeout(this.timer);
      this.timer = undefined;
      this.onIdle();
    };
  }

  /** Something of it changed. */
  touch(ids: readonly string[] = []): void {
    if (this.followers.size === 0) return;
    for (const id of ids) this.dirty.add(id);
    if (this.reading) this.again = true;
    else this.timer ??= setTimeout(() => void this.flush(), this.gatherMs);
  }

  private async flush(): Promise<void> {
    this.reading = true;
    this.again = false;
    const ids = [...this.dirty];
    this.dirty.clear();
    const began = performance.now();
    try {
      const read = await this.read(ids);
      for (const follower of this.followers) follower({ began, read });
      this.timer = undefined;
    } catch (err) {
      for (const id of ids) this.dirty.add(id);
      this.onError(err);
      this.timer = setTimeout(() => void this.flush(), RETRY_MS);
    }
    this.reading = false;
    if (this.again) this.touch();
  }
}
