import { Refused } from '@/core/errors';
import { folderDisk, isFull, type JournalDisk, type JournalFile } from './disk';
import { encodeFrame, type Frame } from './frame';
import type { Mishap } from './mishap';
import { readFile, salvageFrames, stateRecords } from './read';
import { RESERVE_BYTES, Reserve } from './reserve';

/** A commit or a part of a snapshot is closed when it has grown to this. */
const FRAME_BYTES = 8 * 1024 * 1024;
/** With a full disk and no reserve left: how long until a write is tried again. */
const RETRY_MS = 500;

export type JournalOptions = {
  directory: string;
  /** What the folder is on; the host's own unless a test says otherwise. */
  disk?: JournalDisk;
  /** Called once for each record that is durable, in order, while opening. */
  replay: (record: string) => void;
  /** All that must be remembered, as records which `replay` understands: what a compacted file starts with. */
  snapshot: () => Iterable<string>;
  now: () => number;
  /** A statement for the log about what was found. */
  notice?: (message: string, facts: Record<string, string | number>) => void;
  /** After a failed write nothing later may be believed: the program must end. */
  onFatal: (error: unknown) => void;
  /** A file longer than this, and twice as long as its snapshot, is compacted. */
  compactBytes?: number;
  reserveBytes?: number;
  /** The highest number that this journal was seen at from outside, 0 when nobody knows: a lower one here was rolled back. */
  expected?: number;
  /**
   * The journal is lost, damaged or rolled back; all of it that verifies was replayed, the file is kept aside, and what `snapshot` gives after this call
   * becomes the new journal. Without it such a journal is refused.
   */
  mishap?: (mishap: Mishap) => void;
  /** Called with the number of each frame once it is durable. */
  durable?: (sequence: number) => void;
};

/**
 * An append-only log. `append` resolves once the record is on the disk (fdatasync); appends that arrive while a sync runs
 * share the next one. The order of appends is the order of records. On a full disk it goes on in its reserve: see Reserve.
 */
export class Journal {
  /** Highest time that was ever written, epoch ms. Never goes back. */
  timeMark = 0;
  /** Number of the last durable frame; never goes back either, through mishaps too. */
  sequence = 0;
  /** Bytes in the current file. */
  bytes = 0;
  private generation = 0;
  private snapshotBytes = 0;
  /** No compaction before the file is this long: there was no room for the last one. */
  private compactFrom = 0;
  private mustCompact = false;
  /** The next file begins above this number. */
  private leapTo = 0;
  private file: JournalFile | null = null;
  private queue: { record: string | null; done: (error?: unknown) => void }[] = [];
  private flushing: Promise<void> | null = null;
  private failed: unknown = null;
  private closing = false;
  private readonly disk: JournalDisk;
  private readonly reserve: Reserve;
  private readonly unlock: () => void;

  private constructor(private readonly options: JournalOptions) {
    this.disk = options.disk ?? folderDisk(options.directory);
    this.unlock = this.disk.lock();
    const notice: NonNullable<JournalOptions['notice']> = (...said) => options.notice?.(...said);
    this.reserve = new Reserve(this.disk, options.reserveBytes ?? RESERVE_BYTES, notice);
  }

  /**
   * Opens the journal in a directory, creating an empty one where none was.
   * @throws Refused JOURNAL_DAMAGED when it cannot be read, or what was durable is not there and nobody asked to go on without;
   *   CONFLICT when another process has it open; STORAGE_FULL when there is no room for a first one
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const journal = new Journal(options);
    try {
      await journal.recover();
      await journal.reserve.open();
      return journal;
    } catch (error) {
      journal.unlock();
      if (isFull(error)) throw journal.storageFull();
      throw error;
    }
  }

  append(record: string): Promise<void> {
    return this.enqueue(record);
  }

  /** Writes the high-water mark of time although nothing else is to be written. */
  markTime(): Promise<void> {
    return this.enqueue(null);
  }

  /** Resolves when all appends so far are durable. */
  settled(): Promise<void> {
    return this.flushing ? this.enqueue(null) : this.failed ? Promise.reject(this.failed) : Promise.resolve();
  }

  /** To be asked before new work is taken. @throws Refused STORAGE_FULL */
  assertRoom(): void {
    if (this.reserve.short !== null) throw this.storageFull();
  }

  /** Is new work refused for lack of room? */
  get full(): boolean {
    return this.reserve.short !== null;
  }

  /**
   * The journal turned out to have been at a higher number than it is: what is missing was lost. Keeps the file aside, and goes on above that
   * number with what `change` makes of the state. Resolves when it is durable.
   */
  async leap(expected: number, label: string, change: (aside: string) => void): Promise<void> {
    await this.settled();
    const aside = this.disk.keepAside(nameOf(this.generation), label);
    change(aside);
    this.leapTo = expected;
    this.mustCompact = true;
    await this.enqueue(null);
  }

  /** Ends the log with a mark, so that damage to the last record is seen at the next start. Waits for what is queued. */
  async close(): Promise<void> {
    if (!this.failed && this.file) void this.enqueue(null).catch(() => {});
    this.closing = true;
    await this.flushing;
    await this.reserve.close();
    await this.file?.close();
    this.file = null;
    this.unlock();
  }

  private enqueue(record: string | null): Promise<void> {
    if (this.failed) return Promise.reject(this.failed);
    return new Promise((resolve, reject) => {
      this.queue.push({ record, done: (error) => (error ? reject(error) : resolve()) });
      this.flushing ??= this.flush();
    });
  }

  private async flush(): Promise<void> {
    await Promise.resolve(); // whatever else arrives in this turn shares the sync
    while (this.queue.length > 0) {
      const batch = this.queue.splice(0, this.dueForCompaction() ? this.queue.length : countWithin(this.queue));
      try {
        // A snapshot serves all that wait: the state has it already.
        if (!(this.dueForCompaction() && (await this.compacted())))
          for (const records of inFrames(batch.flatMap(({ record }) => (record === null ? [] : [record]))))
            await this.write(records);
      } catch (error) {
        this.failed = error;
        for (const { done } of [...batch, ...this.queue.splice(0)]) done(error);
        if (!this.closing || !isFull(error)) this.options.onFatal(error);
        break;
      }
      for (const { done } of batch) done();
    }
    this.flushing = null; // in the same turn as the last look at the queue, or an append could fall between
  }

  private async write(records: string[]): Promise<void> {
    if (!this.file) throw new Error('the journal is closed');
    const frame = this.frameOf(records, 1);
    const bytes = encodeFrame(frame);
    for (;;) {
      try {
        await this.file.write(bytes, this.bytes);
        break;
      } catch (error) {
        if (!isFull(error)) throw error;
        await this.file.truncate(this.bytes); // nothing half written stays, and its room is free
        if (this.reserve.giveUp()) continue;
        if (this.closing) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    await this.file.sync();
    this.bytes += bytes.length;
    this.isDurable(frame.number);
  }

  private isDurable(sequence: number): void {
    this.sequence = sequence;
    this.options.durable?.(sequence);
  }

  /** The frame that comes as the `nth` after the last durable one. */
  private frameOf(records: string[], nth: number): Frame {
    this.timeMark = Math.max(this.timeMark, this.options.now());
    return { number: this.sequence + nth, timeMark: this.timeMark, records };
  }

  private dueForCompaction(): boolean {
    if (this.mustCompact) return true;
    const from = Math.max(this.options.compactBytes ?? 16 * 1024 * 1024, this.compactFrom);
    return this.bytes > from && this.bytes > 2 * this.snapshotBytes;
  }

  /** False when there was no room: the old file goes on. */
  private async compacted(): Promise<boolean> {
    try {
      await this.compact();
      this.mustCompact = false;
      return true;
    } catch (error) {
      if (!isFull(error) || this.mustCompact) throw error;
      this.disk.remove(`${nameOf(this.generation + 1)}.new`);
      this.compactFrom = this.bytes * 1.5;
      this.options.notice?.('there is no room to compact the journal: it goes on as it is', { bytes: this.bytes });
      return false;
    }
  }

  /**
   * Starts the next file with all that must be remembered, and drops the old one. State runs ahead of the log by what is
   * queued, so the snapshot holds that too: whoever waits in the queue is served by it. The snapshot is taken in one turn:
   * what is appended from then on goes into the new file.
   */
  private async compact(): Promise<void> {
    this.sequence = Math.max(this.sequence, this.leapTo);
    const generation = this.generation + 1;
    const name = nameOf(generation);
    const frames = inFrames([...this.options.snapshot()]);
    const head = { file: 'journal', version: 1, generation, frames: frames.length };
    frames[0]?.unshift(JSON.stringify(head));
    const bytes = Buffer.concat(frames.map((records, i) => encodeFrame(this.frameOf(records, i + 1))));
    const next = await this.disk.create(`${name}.new`);
    try {
      await next.write(bytes, 0);
      await next.sync();
    } catch (error) {
      await next.close();
      throw error;
    }
    this.disk.rename(`${name}.new`, name);
    await this.file?.close();
    if (this.generation > 0) this.disk.remove(nameOf(this.generation));
    this.file = next;
    this.generation = generation;
    this.bytes = bytes.length;
    this.snapshotBytes = bytes.length;
    this.isDurable(this.sequence + frames.length);
  }

  private async recover(): Promise<void> {
    const { disk } = this;
    const { expected = 0 } = this.options;
    const files = this.looked(() => disk.list());
    for (const name of files) if (name.endsWith('.new')) disk.remove(name);
    const generations = files.flatMap((name) => generationOf(name) ?? []).sort((a, b) => a - b);
    this.generation = generations.at(-1) ?? 0;
    const read = this.generation > 0 ? this.readCurrent() : null;
    let mishap: Omit<Mishap, 'at' | 'aside'> | null = null;
    if (read?.kind === 'sound') {
      for (const [i, frame] of read.frames.entries())
        this.replay(frame, i === 0 ? frame.records.slice(1) : frame.records);
      if (this.sequence < expected)
        mishap = { why: 'rolled-back', problem: `it ends at ${this.sequence} and was seen at ${expected}` };
    } else if (read) {
      mishap = { why: 'damaged', problem: read.problem };
      if (this.options.mishap)
        for (const generation of generations)
          for (const frame of salvageFrames(this.looked(() => disk.read(nameOf(generation)))))
            this.replay(frame, stateRecords(frame));
    } else if (expected > 0) mishap = { why: 'lost', problem: `it was seen at ${expected} and is not there` };

    if (mishap) await this.startOver(mishap, generations);
    else if (read?.kind === 'sound') {
      this.file = await disk.open(nameOf(this.generation));
      if (read.torn) await this.cut(this.file, read.goodBytes, read.torn);
      for (const generation of generations.slice(0, -1)) disk.remove(nameOf(generation));
      this.bytes = read.goodBytes;
    } else await this.compact();
    // Whatever stands before this mark is now known to have been durable. On a full disk it waits, and we go on.
    const marked = this.enqueue(null);
    marked.catch(() => {});
    await Promise.race([marked, new Promise((resolve) => setTimeout(resolve, 2 * RETRY_MS))]);
  }

  /** Says it, keeps what is there aside, and begins a file above every number that was ever seen. Killed at any point it is found again. */
  private async startOver(found: Omit<Mishap, 'at' | 'aside'>, generations: readonly number[]): Promise<void> {
    const { expected = 0, mishap, notice, now } = this.options;
    if (!mishap) throw this.damaged(found.problem);
    let aside: string | null = null;
    for (const generation of generations)
      aside = this.disk.keepAside(nameOf(generation), `${found.why}-${generations.at(-1)}`);
    notice?.('the journal cannot be believed: what of it verifies is kept, and the rest is given up', {
      path: this.disk.path,
      ...found,
      aside: aside ?? 'nothing was there',
    });
    mishap({ ...found, aside, at: now() });
    this.leapTo = expected;
    await this.compact().catch((error: unknown) => {
      if (!isFull(error) || !this.reserve.giveUp()) throw error;
      return this.compact();
    });
    for (const generation of generations) this.disk.remove(nameOf(generation));
  }

  private readCurrent() {
    const read = readFile(
      this.looked(() => this.disk.read(nameOf(this.generation))),
      this.generation,
    );
    if (read.kind === 'foreign') throw this.damaged(read.problem);
    return read;
  }

  private replay(frame: Frame, records: readonly string[]): void {
    this.sequence = Math.max(this.sequence, frame.number);
    this.timeMark = Math.max(this.timeMark, frame.timeMark);
    for (const record of records) this.options.replay(record);
  }

  private async cut(
    file: JournalFile,
    at: number,
    { problem, bytes }: { problem: string; bytes: number },
  ): Promise<void> {
    await file.truncate(at);
    await file.sync();
    this.options.notice?.('cut the torn end of the journal: a write that was never acknowledged', {
      path: `${this.disk.path}/${nameOf(this.generation)}`,
      at,
      bytes,
      problem,
    });
  }

  /** What cannot be looked at (permissions, a disk that fails) is not taken for damage: it may be whole. */
  private looked<T>(look: () => T): T {
    try {
      return look();
    } catch (cause) {
      const problem = `it cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new Refused('JOURNAL_DAMAGED', { path: this.disk.path, problem }, { cause });
    }
  }

  private damaged(problem: string): Refused {
    return new Refused('JOURNAL_DAMAGED', { path: `${this.disk.path}/${nameOf(this.generation)}`, problem });
  }

  private storageFull(): Refused {
    return new Refused('STORAGE_FULL', {
      path: this.disk.path,
      freeMiB: Math.floor(this.disk.freeBytes() / 1_048_576),
    });
  }
}

function nameOf(generation: number): string {
  return `journal-${String(generation).padStart(8, '0')}.log`;
}

function generationOf(name: string): number | null {
  const m = /^journal-(\d{8})\.log$/.exec(name);
  return m?.[1] ? Number(m[1]) : null;
}

/** How many of the queue's first entries fit in a frame: at least one. */
function countWithin(queue: readonly { record: string | null }[]): number {
  let bytes = 0;
  for (const [i, { record }] of queue.entries()) {
    bytes += record ? Buffer.byteLength(record) : 0;
    if (bytes > FRAME_BYTES) return Math.max(1, i);
  }
  return queue.length;
}

/** At least one frame, which may be empty. */
function inFrames(records: string[]): string[][] {
  const frames: string[][] = [];
  for (let rest = records.map((record) => ({ record })); rest.length > 0; ) {
    const count = countWithin(rest);
    frames.push(rest.slice(0, count).map(({ record }) => record));
    rest = rest.slice(count);
  }
  return frames.length > 0 ? frames : [[]];
}
