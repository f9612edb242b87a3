import { z } from 'zod';
import { Refused } from '@/core/errors';
import { ClockWatch } from './clock-watch';
import type { HighWater } from './journal/high-water';
import { Journal, type JournalOptions } from './journal/journal';
import type { Mishap } from './journal/mishap';
import {
  addPart,
  applyEvent,
  emptyNode,
  fromSnapshot,
  NodeEvent,
  type NodeState,
  snapshotParts,
} from './lease/node-state';
import type { Logger } from './log';
import { VERSION } from './version';

/**
 * How often time is marked when nothing else is written, in ms. A clock that stepped back while the node was off may bring back no more
 * than this, and nothing that anybody was told is over: see `mark`. What it brings back is less than the skew that is forgiven anyway.
 */
const MARK_MS = 60_000;

/**
 * The journal with the state that it stands for, of one node or of many in one file. State runs ahead of the disk by what
 * is queued: `record` changes it at once, so that whoever decides next sees it, and resolves when it is durable.
 */
export class Ledger {
  /**
   * Is it certain that the journal is not behind what it once was? Where this is not known the agent's word is awaited before a ticket is taken
   * that may have been redeemed in what is missing.
   */
  readonly proven: boolean;
  /** What was found wrong with the journal when it was opened. */
  mishap: Mishap | null = null;
  private readonly states = new Map<string, NodeState>();
  private journal!: Journal; // set before `open` returns
  private marker: NodeJS.Timeout | null = null;
  /** The latest time that was ever told: a clock that steps back while we run reopens nothing at all. */
  private told = 0;

  /** Says when the clock was set, or the machine slept. */
  readonly watch: ClockWatch;

  private constructor(
    private readonly clock: () => number,
    private readonly highWater: HighWater | null,
  ) {
    this.watch = new ClockWatch(clock);
    this.proven = highWater === null || highWater.exact;
  }

  /**
   * Opens the journal. One that is lost, damaged or rolled back is kept aside, what of it verifies is kept, and each of its nodes is left
   * without an incarnation, for its `mishap`, until it begins another. @throws Refused JOURNAL_DAMAGED, CONFLICT, STORAGE_FULL: see Journal.open
   */
  static async open(
    directory: string,
    log: Logger,
    onFatal: (error: unknown) => void,
    clock: () => number = Date.now,
    more: { highWater?: HighWater } & Partial<JournalOptions> = {},
  ): Promise<Ledger> {
    const { highWater = null, ...options } = more;
    const ledger = new Ledger(clock, highWater);
    ledger.journal = await Journal.open({
      directory,
      replay: (record) => ledger.replay(record, directory),
      snapshot: () => ledger.snapshot(),
      now: () => ledger.now(),
      notice: (message, facts) => log.warn(facts, message),
      onFatal,
      expected: highWater?.sequence ?? 0,
      mishap: (mishap) => ledger.disown(mishap),
      durable: (sequence) => highWater?.reached(sequence),
      ...options,
    });
    ledger.marker = setInterval(() => {
      if (!ledger.journal.full) void ledger.journal.markTime().catch(() => {});
    }, MARK_MS).unref();
    return ledger;
  }

  /** To be asked before new work is taken. @throws Refused STORAGE_FULL */
  assertRoom(): void {
    this.journal.assertRoom();
  }

  /** Is new work refused for lack of room on the disk? */
  get full(): boolean {
    return this.journal.full;
  }

  /**
   * Somebody saw this journal at a higher number: it was rolled back. Keeps it aside, goes on above that number, and enters `events` of the node
   * in the same turn and file. Resolves when that is durable.
   */
  async leap(node: string, seenAt: number, eventsOf: (aside: string) => NodeEvent[]): Promise<void> {
    await this.journal.leap(seenAt, `rolled-back-${this.journal.sequence}`, (aside) => {
      for (const event of eventsOf(aside)) applyEvent(this.of(node), event);
    });
  }

  /** Epoch ms; never before anything that was ever recorded or told, whatever the clock says. */
  now(): number {
    this.told = Math.max(this.told, this.clock(), this.journal?.timeMark ?? 0);
    return this.told;
  }

  /** Makes it durable that this time was reached: before a word that something is over, which no crash may take back. */
  mark(): Promise<void> {
    return this.journal.markTime();
  }

  get sequence(): number {
    return this.journal.sequence;
  }

  /** Bytes of the journal's file. */
  get bytes(): number {
    return this.journal.bytes;
  }

  /** The node's state; an empty one for a node that was never heard of. */
  of(node: string): NodeState {
    const known = this.states.get(node);
    if (known) return known;
    const made = emptyNode();
    this.states.set(node, made);
    return made;
  }

  /** Enters events, all in one turn, and resolves when they are on the disk. */
  async record(node: string, ...events: NodeEvent[]): Promise<void> {
    const state = this.of(node);
    const durable = events.map((event) => {
      applyEvent(state, event);
      return this.journal.append(JSON.stringify({ n: node, e: event }));
    });
    await Promise.all(durable);
  }

  /** Resolves when all that was entered so far is on the disk. */
  settled(): Promise<void> {
    return this.journal.settled();
  }

  async close(): Promise<void> {
    this.watch.close();
    if (this.marker) clearInterval(this.marker);
    await this.journal.close();
    this.highWater?.close();
  }

  /** What was remembered is not all: nobody lives in it any more. */
  private disown(mishap: Mishap): void {
    this.mishap = mishap;
    for (const state of this.states.values()) {
      if (state.incarnation) state.mishap = mishap;
      state.incarnation = '';
    }
  }

  /** @throws Refused JOURNAL_DAMAGED for what only a newer version can have written: to go on without it would be to forget it */
  private replay(record: string, path: string): void {
    const { n, e, s, more } = JSON.parse(record) as { n: string; e?: unknown; s?: unknown; more?: unknown }; // ours; its checksum held
    if (s) this.states.set(n, fromSnapshot(s));
    else if (more) addPart(this.of(n), more);
    else applyEvent(this.of(n), knownEvent(e, path));
  }

  private *snapshot(): Iterable<string> {
    for (const [n, state] of this.states) for (const part of snapshotParts(state)) yield JSON.stringify({ n, ...part });
  }
}

function knownEvent(event: unknown, path: string): NodeEvent {
  const known = NodeEvent.safeParse(event);
  if (known.success) return known.data;
  const kind = z.object({ t: z.string() }).safeParse(event).data?.t ?? 'without a kind';
  const problem = `a newer version wrote it: it holds a record "${kind}" as this version, ${VERSION}, does not know it`;
  throw new Refused('JOURNAL_DAMAGED', { path, problem });
}
