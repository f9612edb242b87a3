import { randomBytes } from 'node:crypto';
import { isFull, type JournalDisk } from './disk';

/** Room that is kept for the end of leases when all else is taken: some four thousand receipts. */
export const RESERVE_BYTES = 4 * 1024 * 1024;
const NAME = 'reserve';
/** While there is no room: how often to look whether there is again. */
const LOOK_MS = 1_000;

/**
 * What keeps the journal going on a full disk. A file of some MiB lies beside it; when a write finds no room the file is given up, and what
 * was under way, and every release after it, goes into its place. New work is refused from then on. When there is room again the
 * reserve is made anew and work is taken again.
 */
export class Reserve {
  private timer: NodeJS.Timeout | null = null;
  private made = false;
  private lookedAt = Number.NEGATIVE_INFINITY;
  private free = 0;
  private making: Promise<void> | null = null;

  constructor(
    private readonly disk: JournalDisk,
    private readonly bytes: number,
    private readonly notice: (message: string, facts: Record<string, string | number>) => void,
  ) {
    this.made = disk.allocated(NAME) >= bytes;
  }

  /** Makes the reserve where it is missing; without room for it there is none, and `short` says so. */
  async open(): Promise<void> {
    if (!this.made && !this.timer) await this.make();
    if (!this.made && !this.timer) this.lost('there is no room for the reserve of the journal: new leases are refused');
  }

  /** Free bytes of the disk when new work must not be taken, else null. Cheap: asks the disk once a second. */
  get short(): number | null {
    const now = performance.now();
    if (now - this.lookedAt > LOOK_MS) {
      this.free = this.disk.freeBytes();
      this.lookedAt = now;
    }
    return !this.made || this.free < this.bytes ? this.free : null;
  }

  /** A write found no room: true when there is more now, and it should be tried again. */
  giveUp(): boolean {
    if (!this.made) return false;
    this.lost('the disk is full: the journal goes on in its reserve, new leases are refused');
    this.disk.remove(NAME);
    return true;
  }

  close(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    return this.making ?? Promise.resolve();
  }

  private lost(message: string): void {
    this.made = false;
    this.notice(message, { path: this.disk.path, freeBytes: this.disk.freeBytes() });
    this.timer ??= setInterval(() => {
      this.making ??= this.look().finally(() => {
        this.making = null;
      });
    }, LOOK_MS).unref();
  }

  private async look(): Promise<void> {
    if (this.disk.freeBytes() < 3 * this.bytes) return; // some for others too, or it would be lost again at once
    await this.make().catch((err: unknown) => this.notice('the reserve cannot be made', { problem: String(err) }));
    if (!this.made || !this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.lookedAt = Number.NEGATIVE_INFINITY;
    this.notice('there is room on the disk again: new leases are taken', { path: this.disk.path });
  }

  /** Written, not only asked for: a hole has no room. Random, for file systems that would squeeze it. */
  private async make(): Promise<void> {
    if (this.disk.freeBytes() < 2 * this.bytes) return;
    const file = await this.disk.create(NAME);
    try {
      await file.write(randomBytes(this.bytes), 0);
      await file.sync();
      this.made = true;
    } catch (err) {
      if (!isFull(err)) throw err;
      this.disk.remove(NAME);
    } finally {
      await file.close();
    }
  }
}
