/**
 * Makes one call of many that come at about the same time: while one batch runs, the next gathers. Nobody waits for a
 * timer when there is no load, and under load the batches grow by themselves (group commit). A batch that fails is done
 * again one by one, so that one bad item does not fail the others.
 */
export class Batcher<In, Out> {
  private waiting: { item: In; resolve: (out: Out) => void; reject: (err: unknown) => void }[] = [];
  private running = 0;
  private scheduled = false;

  /**
   * @param run Answers in the order of the items; safe to run again for the same items.
   * @param options.most Items in one batch.
   * @param options.gatherMs How long the first item of a batch waits for company; 0: only until the event loop has turned.
   * @param options.inFlight Batches at once.
   */
  constructor(
    private readonly run: (items: In[]) => Promise<Out[]>,
    private readonly options: { most: number; gatherMs: number; inFlight?: number },
  ) {}

  add(item: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || this.running >= (this.options.inFlight ?? 1)) return;
    this.scheduled = true;
    const go = () => {
      this.scheduled = false;
      void this.flush();
    };
    if (this.options.gatherMs > 0 && this.waiting.length < this.options.most) setTimeout(go, this.options.gatherMs);
    else setImmediate(go);
  }

  private async flush(): Promise<void> {
    const batch = this.waiting.splice(0, this.options.most);
    if (batch.length === 0) return;
    this.running += 1;
    if (this.waiting.length > 0) this.schedule();
    try {
      const out = await this.run(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, i) => {
        if (i < out.length)
          resolve(out[i] as Out); // the length was just checked; Out may itself allow undefined
        else reject(new Error('a batch answered fewer than it was asked'));
      });
    } catch (err) {
      if (batch.length === 1) batch[0]?.reject(err);
      else await Promise.all(batch.map((one) => this.alone(one)));
    } finally {
      this.running -= 1;
      if (this.waiting.length > 0) this.schedule();
    }
  }

  private async alone(one: { item: In; resolve: (out: Out) => void; reject: (err: unknown) => void }): Promise<void> {
    try {
      const [out] = await this.run([one.item]);
      one.resolve(out as Out);
    } catch (err) {
      one.reject(err);
    }
  }
}
