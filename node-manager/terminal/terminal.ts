import { randomBytes } from 'node:crypto';
import type { TerminalEnd } from '@/protocol/node-manager/access';
import type { PtyGuest, Size } from '../drivers/entrance';
import { OutputWindow } from './output-window';

export type TerminalLimits = {
  /** Output that is kept for a reader who lags; what the program writes beyond waits in it. */
  windowBytes: number;
  /** Without a call of its reader it is over: whoever showed it is gone. */
  unreadMs: number;
  /** Without a key it is over. */
  idleMs: number;
  longestMs: number;
  /** Input that is on its way to a program which does not read. */
  inputBytes: number;
};

export const TERMINAL_LIMITS: TerminalLimits = {
  windowBytes: 262_144,
  unreadMs: 45_000,
  idleMs: 3_600_000,
  longestMs: 12 * 3_600_000,
  inputBytes: 262_144,
};

const LAST_WORDS_MS = 100;
const LAST_WORDS_UNREAD_MS = 5_000;

type Over = { why: TerminalEnd; exitCode: number | null };

/** One terminal in a sliver, read and written by calls that may come twice. When it is over nothing of it runs. */
export class Terminal {
  readonly id = randomBytes(16).toString('base64url');
  readonly began = Date.now();
  over: Over | null = null;
  private readonly window = new OutputWindow();
  private written = 0;
  private typing: Promise<void> = Promise.resolve();
  private waitingBytes = 0;
  private wakes = new Set<() => void>();
  private readonly timers: { unread?: NodeJS.Timeout; idle?: NodeJS.Timeout; longest?: NodeJS.Timeout } = {};

  constructor(
    private readonly guest: PtyGuest,
    private readonly limits: TerminalLimits,
    private readonly onOver: (terminal: Terminal) => void,
  ) {
    guest.output.on('data', (chunk: Buffer) => {
      this.window.add(chunk);
      if (this.window.held >= limits.windowBytes) guest.output.pause();
      this.wake();
    });
    guest.said?.on('error', () => {}).resume();
    const shown = new Promise<void>((resolve) => guest.output.once('close', resolve));
    void guest.ended.then(async ({ exitCode }) => {
      // Its last words may be on their way yet; what it left running may hold the terminal open.
      const patience = guest.output.isPaused() ? LAST_WORDS_UNREAD_MS : LAST_WORDS_MS;
      await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, patience).unref())]);
      this.end('exited', exitCode);
    });
    this.timers.longest = setTimeout(() => this.end('too-long'), limits.longestMs).unref();
    this.touch('unread');
    this.touch('idle');
  }

  /** Bytes from a position on, as soon as there are any, or none after the time. Null for a position that is no more. */
  async read(
    from: number,
    max: number,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<{ data: Buffer; over: Over | null } | null> {
    this.touch('unread');
    const until = Date.now() + waitMs;
    for (;;) {
      const data = this.window.read(from, max);
      if (!data) return null;
      if (this.window.held < this.limits.windowBytes) this.guest.output.resume();
      const left = until - Date.now();
      if (data.length > 0 || this.over || left <= 0 || signal.aborted) {
        this.touch('unread');
        return { data, over: data.length === this.window.held ? this.over : null };
      }
      await this.news(left, signal);
    }
  }

  /** Types what of `data`, which begins at position `at`, was not typed yet. False while too much is on its way. */
  type(at: number, data: Buffer): boolean {
    const fresh = at > this.written ? null : data.subarray(this.written - at);
    if (!fresh || this.waitingBytes + fresh.length > this.limits.inputBytes) return false;
    if (fresh.length === 0 || this.over) return true;
    this.touch('idle');
    this.written += fresh.length;
    this.waitingBytes += fresh.length;
    this.typing = this.typing
      .then(() => this.guest.write(fresh))
      .finally(() => {
        this.waitingBytes -= fresh.length;
      });
    return true;
  }

  get taken(): number {
    return this.written;
  }

  resize(size: Size): void {
    if (!this.over) this.guest.resize(size);
  }

  /** Ends it and all that runs in it. Idempotent. */
  end(why: TerminalEnd, exitCode: number | null = null): void {
    if (this.over) return;
    this.over = { why, exitCode };
    clearTimeout(this.timers.idle);
    clearTimeout(this.timers.longest);
    this.guest.end();
    this.onOver(this);
    this.wake();
  }

  /** Nobody will ask any more. */
  forget(): void {
    clearTimeout(this.timers.unread);
  }

  private touch(which: 'unread' | 'idle'): void {
    clearTimeout(this.timers[which]);
    if (this.over && which === 'idle') return;
    const ms = which === 'unread' ? this.limits.unreadMs : this.limits.idleMs;
    this.timers[which] = setTimeout(() => this.end(which), ms).unref();
  }

  private wake(): void {
    for (const wake of [...this.wakes]) wake();
  }

  private news(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.wakes.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      this.wakes.add(done);
    });
  }
}
