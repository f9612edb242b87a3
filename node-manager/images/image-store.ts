import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { ImageName } from '@/protocol/node-manager/images';
import type { Logger } from '../log';
import { ensureBaseImage } from './base-image';
import { readLayout, unpackLayout } from './oci-layout';
import { ensureTinyImage } from './tiny-image';

/** The node's slivers come first. */
const NICENESS = 10;
/** How often it looks for images that the owner put there. */
const LOOK_MS = 60_000;
const OWN = ['tiny', 'base'];
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
  private importing: Promise<void> = Promise.resolve();
  private watch: NodeJS.Timeout | null = null;
  private retry: NodeJS.Timeout | null = null;

  private constructor(
    private readonly o: ImageOptions,
    private readonly log: Logger,
    private readonly busybox: string,
  ) {}

  static async open(o: ImageOptions, busybox: string, log: Logger): Promise<ImageStore> {
    mkdirSync(o.folder, { recursive: true, mode: 0o755 });
    const store = new ImageStore(o, log, busybox);
    store.found.set('tiny', await ensureTinyImage(o.folder, busybox));
    store.look();
    return store;
  }

  /** Begins to build what is missing, without anybody waiting for it. */
  begin(): void {
    if (this.o.build && !this.found.has('base')) this.build(FIRST_RETRY_MS);
    const look = () => {
      this.importing = this.importing.then(() => this.importLayouts());
    };
    look();
    this.watch = setInterval(look, LOOK_MS).unref();
  }

  /** Ends a build that is under way; the next start begins it anew. */
  async stop(): Promise<void> {
    this.stopper.abort();
    if (this.retry) clearTimeout(this.retry);
    if (this.watch) clearInterval(this.watch);
    await Promise.all([this.building, this.importing]);
  }

  /** Takes in what the owner put below `oci/`: a folder for each image, an OCI image layout, offered by the folder's name and by its digest. */
  async importLayouts(): Promise<void> {
    const layouts = `${this.o.folder}/oci`;
    const names = existsSync(layouts) ? readdirSync(layouts) : [];
    for (const name of names) {
      if (this.stopper.signal.aborted) return;
      try {
        if (!ImageName.safeParse(name).success || OWN.includes(name)) throw new Error('an image cannot be called so');
        const found = await readLayout(`${layouts}/${name}`);
        if (this.found.get(name) === this.found.get(found.digest) && this.found.has(name)) continue;
        const folder = await unpackLayout(
          this.o.folder,
          `${layouts}/${name}`,
          found,
          this.busybox,
          this.stopper.signal,
        );
        this.found.set(name, folder);
        this.found.set(found.digest, folder);
        this.problems.delete(name);
        this.log.info({ image: name, digest: found.digest }, 'took in an image');
      } catch (err) {
        if (this.stopper.signal.aborted) return;
        const problem = (err instanceof Error ? err.message : String(err)).slice(0, 500);
        if (this.problems.get(name) !== problem) this.log.warn({ image: name, problem }, 'an image cannot be taken in');
        this.problems.set(name, problem);
      }
    }
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
