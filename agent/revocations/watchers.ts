import type { z } from 'zod';
import { WATCH_HOLD_MS, type WatchInput, type WatchOutput } from '@/protocol/agent/revocations';
import type { Peer } from '@/protocol/trpc';
import type { Pool } from '../store/database';
import { type Asking, recordHeard, revocationsAfter } from '../store/revocations';
import { RevocationListener } from './listener';

/** Nodes that ask within this long share one question to the database. */
const GATHER_MS = 15;
/** What nodes say that they have kept is written together. */
const RECORD_MS = 150;
/** After the database did not answer. */
const RETRY_MS = 500;

type Waiting = Asking & { answer: (output: WatchOutput) => void; fail: (err: unknown) => void };
type Log = { error(facts: object, message: string): void };

/**
 * The nodes that wait to hear what was taken back. Each holds one poll; what costs is the news, not the waiting: the highest number is
 * kept here, and only who is behind it makes a question, one for all.
 */
export class Watchers {
  private readonly waiting = new Set<Waiting>();
  private readonly listener: RevocationListener;
  private top = Number.POSITIVE_INFINITY; // until the database said: everybody may be behind
  private stale = false;
  private asking = false;
  private timer: NodeJS.Timeout | null = null;
  private closed = false;
  private recording: NodeJS.Timeout | null = null;
  private readonly said = new Map<string, number>();
  private readonly unsaid = new Map<string, number>();

  constructor(
    private readonly pool: Pool,
    url: string,
    private readonly log: Log,
    private readonly holdMs = WATCH_HOLD_MS,
  ) {
    this.listener = new RevocationListener(url, () => this.news());
  }

  start(): Promise<void> {
    return this.listener.start();
  }

  /** Answers at once with what the node has not heard, else when there is something, else with nothing after the hold. */
  watch(peer: Peer, input: z.infer<typeof WatchInput>, signal?: AbortSignal): Promise<WatchOutput> {
    this.kept(peer.urn, input.heard);
    return new Promise((resolve, reject) => {
      const end = (work: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', left);
        this.waiting.delete(one);
        work();
      };
      const one: Waiting = {
        urn: peer.urn,
        heard: input.heard,
        answer: (output) => end(() => resolve(output)),
        fail: (err) => end(() => reject(err)),
      };
      const left = () => end(() => resolve({ heard: one.heard, revocations: [] }));
      const timer = setTimeout(left, this.holdMs);
      signal?.addEventListener('abort', left, { once: true });
      this.waiting.add(one);
      if (this.closed) left();
      else if (one.heard !== this.top) this.ask();
    });
  }

  /** What these nodes have not heard, for the answer to their heartbeats; who has heard all is missing. */
  async missing(asking: readonly Asking[]): Promise<Map<string, WatchOutput>> {
    const behind = asking.filter((one) => one.heard !== this.top);
    if (behind.length === 0) return new Map();
    const { top, answers } = await revocationsAfter(this.pool, behind);
    this.top = top;
    for (const { urn, heard } of behind) if (answers.get(urn)?.heard === heard) answers.delete(urn);
    return answers;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.listener.stop();
    if (this.timer) clearTimeout(this.timer);
    if (this.recording) clearTimeout(this.recording);
    for (const one of [...this.waiting]) one.answer({ heard: one.heard, revocations: [] });
  }

  private news(): void {
    this.stale = true;
    this.ask();
  }

  private ask(afterMs = GATHER_MS): void {
    if (this.closed || this.asking || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      void this.tell();
    }, afterMs);
  }

  private async tell(): Promise<void> {
    this.asking = true;
    const all = this.stale;
    this.stale = false;
    const batch = [...this.waiting].filter((one) => all || one.heard !== this.top);
    try {
      const { top, answers } = await revocationsAfter(this.pool, batch);
      this.top = top;
      for (const one of batch) {
        const answer = answers.get(one.urn);
        if (!answer || !this.waiting.has(one)) continue;
        if (answer.revocations.length > 0 || answer.heard < one.heard) one.answer(answer);
        else one.heard = answer.heard; // nothing of it concerns this node: it hears the number when its poll ends
      }
      this.asking = false;
      if (this.stale || [...this.waiting].some((one) => one.heard !== this.top)) this.ask();
    } catch (err) {
      this.log.error({ err }, 'could not look up what was taken back');
      this.stale ||= all;
      this.asking = false;
      this.ask(RETRY_MS);
    }
  }

  /** A node's poll says what it has kept. */
  private kept(urn: string, heard: number): void {
    if (this.said.get(urn) === heard) return;
    this.unsaid.set(urn, heard);
    this.recording ??= setTimeout(() => {
      this.recording = null;
      const said = [...this.unsaid].map(([urn, heard]) => ({ urn, heard }));
      this.unsaid.clear();
      recordHeard(this.pool, said).then(
        () => {
          for (const one of said) this.said.set(one.urn, one.heard);
        },
        (err: unknown) => this.log.error({ err }, 'could not write down how far nodes have heard'),
      );
    }, RECORD_MS);
  }
}
