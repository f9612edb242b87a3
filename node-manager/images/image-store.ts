import { existsSync, mkdirSync } from 'node:fs';
import type { Logger } from '../log';
import { ensureBaseImage } from './base-image';
import { ensureTinyImage } from './tiny-image';

/** The node's slivers come first. */
const NICENESS = 10;
const FIRST_RETRY_MS = 60_000;
const MAX_RETRY_MS = 3_600_000;

export type ImageOptions = {
  /** One folder may serve several daemons of a host. */
  folder: string;
  /** A URL or a file of sources; null: what the host installs from. */
  mirror: string | null;
  /** Build `base` when it is not there? */
  build: boolean;
};

/** The images that this node can make slivers of. `tiny` is there at once; `base` is built beside the running node and comes when it comes. */
export class ImageStore {
  /** Image name → the folder of its root file system; grows while the node runs. */
  readonly found = new Map<string, string>();
  /** Image name → why it is not on offer. */
  readonly problems = new Map<string, string>();
  private readonly stopper = new AbortController();
  private building: Promise<void> = Promise.resolve();
  private retry: NodeJS.Timeout | null = null;

  private constructor(
    private readonly o: ImageOptions,
    private readonly log: Logger,
  ) {}

  static async open(o: ImageOptions, busybox: string, log: Logger): Promise<ImageStore> {
    mkdirSync(o.folder, { recursive: true, mode: 0o755 });
    const store = new ImageStore(o, log);
    store.found.set('tiny', await ensureTinyImage(o.folder, busybox));
    store.look();
    return store;
  }

  /** Begins to build what is missing, without anybody waiting for it. */
  begin(): void {
    if (this.o.build && !this.found.has('base')) this.build(FIRST_RETRY_MS);
  }

  /** Ends a build that is under way; the next start begins it anew. */
  async stop(): Promise<void> {
    this.stopper.abort();
    if (this.retry) clearTimeout(this.retry);
    await this.building;
  }

  private look(): void {
    const base = `${this.o.folder}/base`;
    if (existsSync(base)) this.found.set('base', base);
  }

  private build(retryMs: number): void {
    const began = Date.now();
    this.building = ensureBaseImage(this.o.folder, this.o.mirror, this.stopper.signal, NICENESS).then(
      () => {
        this.problems.delete('base');
        this.look();
        this.log.info({ image: 'base', ms: Date.now() - began }, 'built an image');
      },
      (err: unknown) => {
        if (this.stopper.signal.aborted) return;
        const problem = err instanceof Error ? err.message : String(err);
        this.problems.set('base', problem.slice(0, 500));
        this.log.warn({ image: 'base', problem, retryInSeconds: retryMs / 1000 }, 'an image could not be built');
        this.retry = setTimeout(() => this.build(Math.min(retryMs * 2, MAX_RETRY_MS)), retryMs).unref();
      },
    );
  }
}
