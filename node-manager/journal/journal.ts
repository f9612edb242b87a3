import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { encodeFrame, type Frame, scanFrames } from './frame';
import { lockDirectory } from './lock';

/** The first record of a file: how many frames hold the state so far, this one included, before events begin. */
const FileHead = z.object({
  file: z.literal('journal'),
  version: z.literal(1),
  generation: z.int(),
  frames: z.int().min(1),
});
/** A commit or a part of a snapshot is closed when it has grown to this. */
const FRAME_BYTES = 8 * 1024 * 1024;

export type JournalOptions = {
  directory: string;
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
};

/**
 * An append-only log. `append` resolves once the record is on the disk (fdatasync); appends that arrive while a sync runs
 * share the next one. The order of appends is the order of records.
 */
export class Journal {
  /** Highest time that was ever written, epoch ms. Never goes back. */
  timeMark = 0;
  /** Number of the last durable frame. */
  sequence = 0;
  /** Bytes in the current file. */
  bytes = 0;
  private generation = 0;
  private snapshotBytes = 0;
  private handle: FileHandle | null = null;
  private queue: { record: string | null; done: (error?: unknown) => void }[] = [];
  private flushing: Promise<void> | null = null;
  private failed: unknown = null;
  private readonly unlock: () => void;

  private constructor(private readonly options: JournalOptions) {
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    this.unlock = lockDirectory(options.directory);
  }

  /** True when a journal was ever kept in this directory. */
  static exists(directory: string): boolean {
    return existsSync(directory) && readdirSync(directory).some((name) => generationOf(name) !== null);
  }

  /**
   * Opens the journal in a directory, creating an empty one where none was.
   * @throws Refused JOURNAL_DAMAGED when durable records cannot be read; CONFLICT when another process has it open
   */
  static async open(options: JournalOptions): Promise<Journal> {
    const journal = new Journal(options);
    try {
      await journal.recover();
      return journal;
    } catch (error) {
      journal.unlock();
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

  /** Ends the log with a mark, so that damage to the last record is seen at the next start. Waits for what is queued. */
  async close(): Promise<void> {
    if (!this.failed && this.handle) await this.enqueue(null).catch(() => {});
    await this.flushing;
    await this.handle?.close();
    this.handle = null;
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
      const compacting = this.dueForCompaction();
      const batch = this.queue.splice(0, compacting ? this.queue.length : countWithin(this.queue, FRAME_BYTES));
      try {
        if (compacting) await this.compact();
        else await this.write(batch.flatMap(({ record }) => (record === null ? [] : [record])));
      } catch (error) {
        this.failed = error;
        for (const { done } of [...batch, ...this.queue.splice(0)]) done(error);
        this.options.onFatal(error);
        break;
      }
      for (const { done } of batch) done();
    }
    this.flushing = null; // in the same turn as the last look at the queue, or an append could fall between
  }

  private async write(records: string[]): Promise<void> {
    if (!this.handle) throw new Error('the journal is closed');
    const bytes = encodeFrame(this.nextFrame(records));
    let at = 0;
    while (at < bytes.length)
      at += (await this.handle.write(bytes, at, bytes.length - at, this.bytes + at)).bytesWritten;
    await this.handle.datasync();
    this.bytes += bytes.length;
  }

  private nextFrame(records: string[]): Frame {
    this.timeMark = Math.max(this.timeMark, this.options.now());
    this.sequence += 1;
    return { number: this.sequence, timeMark: this.timeMark, records };
  }

  private dueForCompaction(): boolean {
    return this.bytes > (this.options.compactBytes ?? 16 * 1024 * 1024) && this.bytes > 2 * this.snapshotBytes;
  }

  /**
   * Starts the next file with all that must be remembered, and drops the old one. State runs ahead of the log by what is
   * queued, so the snapshot holds that too: whoever waits in the queue is served by it. The snapshot is taken in one turn:
   * what is appended from then on goes into the new file.
   */
  private async compact(): Promise<void> {
    const generation = this.generation + 1;
    const path = this.pathOf(generation);
    const frames = inFrames([...this.options.snapshot()]);
    const head: z.infer<typeof FileHead> = { file: 'journal', version: 1, generation, frames: frames.length };
    frames[0]?.unshift(JSON.stringify(head));
    const bytes = Buffer.concat(frames.map((records) => encodeFrame(this.nextFrame(records))));
    const next = await open(`${path}.new`, 'w', 0o600);
    for (let at = 0; at < bytes.length; ) at += (await next.write(bytes, at)).bytesWritten;
    await next.sync();
    renameSync(`${path}.new`, path);
    syncDirectory(this.options.directory);
    await this.handle?.close();
    rmSync(this.pathOf(this.generation), { force: true });
    this.handle = next;
    this.generation = generation;
    this.bytes = bytes.length;
    this.snapshotBytes = bytes.length;
  }

  private async recover(): Promise<void> {
    const { directory, notice } = this.options;
    const files = readdirSync(directory);
    for (const name of files) if (name.endsWith('.new')) rmSync(`${directory}/${name}`);
    const generation = Math.max(0, ...files.map((name) => generationOf(name) ?? 0));
    if (generation === 0) {
      await this.compact();
    } else {
      this.generation = generation;
      this.read(this.pathOf(generation), notice);
      for (const name of files) if ((generationOf(name) ?? generation) < generation) rmSync(`${directory}/${name}`);
      this.handle = await open(this.pathOf(generation), 'r+');
    }
    await this.write([]); // whatever stands before this is now known to have been durable
  }

  private read(path: string, notice: JournalOptions['notice']): void {
    const file = readFileSync(path);
    const scan = scanFrames(file);
    const damaged = (problem: string) => new Refused('JOURNAL_DAMAGED', { path, problem });
    if (scan.tail && !scan.tail.torn)
      throw damaged(`at byte ${scan.goodBytes} of ${file.length}: ${scan.tail.problem}, with whole frames behind it`);
    const head = headOf(scan.frames[0]?.records[0]);
    if (head?.generation !== this.generation) throw damaged('its first record is not the head of this journal');
    if (scan.frames.length < head.frames)
      throw damaged(`only ${scan.frames.length} of the ${head.frames} frames that hold its snapshot can be read`);
    if (scan.tail) {
      const fd = openSync(path, 'r+');
      ftruncateSync(fd, scan.goodBytes);
      fsyncSync(fd);
      closeSync(fd);
      notice?.('cut the torn end of the journal: a write that was never acknowledged', {
        path,
        at: scan.goodBytes,
        bytes: scan.tail.bytes,
        problem: scan.tail.problem,
      });
    }
    for (const [i, frame] of scan.frames.entries()) {
      this.sequence = frame.number;
      this.timeMark = Math.max(this.timeMark, frame.timeMark);
      for (const record of i === 0 ? frame.records.slice(1) : frame.records) this.options.replay(record);
    }
    this.bytes = scan.goodBytes;
    this.snapshotBytes = 0;
  }

  private pathOf(generation: number): string {
    return `${this.options.directory}/journal-${String(generation).padStart(8, '0')}.log`;
  }
}

function generationOf(name: string): number | null {
  const m = /^journal-(\d{8})\.log$/.exec(name);
  return m?.[1] ? Number(m[1]) : null;
}

function headOf(record: string | undefined): z.infer<typeof FileHead> | null {
  try {
    return FileHead.parse(JSON.parse(record ?? ''));
  } catch {
    return null;
  }
}

/** How many of the queue's first entries fit in a frame: at least one. */
function countWithin(queue: readonly { record: string | null }[], maxBytes: number): number {
  let bytes = 0;
  for (const [i, { record }] of queue.entries()) {
    bytes += record ? Buffer.byteLength(record) : 0;
    if (bytes > maxBytes) return Math.max(1, i);
  }
  return queue.length;
}

function inFrames(records: string[]): string[][] {
  const frames: string[][] = [];
  for (let rest = records.map((record) => ({ record })); rest.length > 0; ) {
    const count = countWithin(rest, FRAME_BYTES);
    frames.push(rest.slice(0, count).map(({ record }) => record));
    rest = rest.slice(count);
  }
  return frames.length > 0 ? frames : [[]];
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
