import type { WebSocket } from 'ws';
import { Refused } from '@/core/errors';
import { TerminalAsk, type TerminalNews } from '@/protocol/api/terminal';
import { TERMINAL_WRITE_BYTES } from '@/protocol/node-manager/access';
import { type NodeManagerClient, orRefused } from '@/protocol/transport/client';

/** Bytes that the browser has not shown yet; past it the node is asked for no more. */
const MAX_LEAD_BYTES = 262_144;
/** Bytes that were typed and have not reached the node. */
const MAX_TYPED_BYTES = 1_048_576;
const WAIT_MS = 15_000;
const RECHECK_MS = 2_000;
const PING_MS = 20_000;
/** A call that failed is made again so often: it says the same again, and the node does it once. */
const ATTEMPTS = 4;
const RETRY_MS = 400;

export type Ended = Omit<Extract<TerminalNews, { t: 'over' }>, 't'>;

export type SessionOptions = {
  socket: WebSocket;
  node: NodeManagerClient;
  open: { slice: string; cols: number; rows: number; who: string };
  /** Rejects with the refusal when the person may no longer be here. */
  recheck: () => Promise<unknown>;
  signal: AbortSignal;
};

/**
 * Carries one terminal between a browser and a node until either is through. Bounded in both directions: a browser that does not show holds
 * up the program, a program that does not read holds up the browser.
 */
export class TerminalSession {
  bytesIn = 0;
  bytesOut = 0;
  private readonly typed: Buffer[] = [];
  private typedBytes = 0;
  private size: { cols: number; rows: number } | undefined;
  private lead = 0;
  private alive = true;
  private readonly stopper = new AbortController();
  private wakeWriter = () => {};
  private wakeReader = () => {};
  private ended: Ended | null = null;

  constructor(private readonly o: SessionOptions) {}

  /** Resolves when it is over, with why; nothing of it runs on the node then, as far as the node can be reached. */
  async run(): Promise<Ended> {
    const { socket, node, open, signal } = this.o;
    const { id } = await orRefused(node.terminalOpen.mutate(open));
    this.listen();
    socket.send(JSON.stringify({ t: 'open' } satisfies TerminalNews));
    const stop = () => this.end({ why: 'restart', exitCode: null, reason: null });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const timers = [
      setInterval(() => void this.o.recheck().catch((err: unknown) => this.failed(err, 'refused')), RECHECK_MS),
      setInterval(() => this.ping(), PING_MS),
    ];
    try {
      await Promise.all([
        this.read(id).catch((err: unknown) => this.failed(err, 'node')),
        this.write(id).catch((err: unknown) => this.failed(err, 'node')),
      ]);
    } finally {
      for (const timer of timers) clearInterval(timer);
      signal.removeEventListener('abort', stop);
      await node.terminalClose.mutate({ id }).catch(() => {}); // gone already, or it ends by itself unread
    }
    return this.ended ?? { why: 'closed', exitCode: null, reason: null };
  }

  private end(how: Ended): void {
    this.ended ??= how;
    this.stopper.abort();
    this.wakeReader();
    this.wakeWriter();
  }

  private failed(err: unknown, why: 'refused' | 'node'): void {
    this.end({ why, exitCode: null, reason: err instanceof Refused ? err.reason : null });
  }

  private listen(): void {
    const { socket } = this.o;
    socket.on('message', (data, isBinary) => {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer); // ws gives these two only, as asked
      if (isBinary) this.type(bytes);
      else this.hear(bytes.toString('utf8'));
    });
    socket.on('pong', () => {
      this.alive = true;
    });
    socket.once('close', () => this.end({ why: 'closed', exitCode: null, reason: null }));
  }

  private type(bytes: Buffer): void {
    this.typedBytes += bytes.length;
    if (this.typedBytes > MAX_TYPED_BYTES) {
      this.end({
        why: 'refused',
        exitCode: null,
        reason: { code: 'TOO_LARGE', facts: { field: 'what you pasted', max: MAX_TYPED_BYTES } },
      });
      return;
    }
    this.typed.push(bytes);
    this.wakeWriter();
  }

  private hear(text: string): void {
    const ask = TerminalAsk.safeParse(parsed(text)).data;
    if (ask?.t === 'shown') {
      this.lead = Math.max(0, this.lead - ask.bytes);
      this.wakeReader();
    } else if (ask?.t === 'size') {
      this.size = { cols: ask.cols, rows: ask.rows };
      this.wakeWriter();
    } else
      this.end({
        why: 'refused',
        exitCode: null,
        reason: { code: 'INVALID_INPUT', facts: { field: 'message', problem: 'not understood' } },
      });
  }

  private ping(): void {
    if (!this.alive) this.end({ why: 'unread', exitCode: null, reason: null });
    this.alive = false;
    this.o.socket.ping();
  }

  private async read(id: string): Promise<void> {
    while (!this.ended) {
      if (this.lead >= MAX_LEAD_BYTES) {
        await new Promise<void>((resolve) => {
          this.wakeReader = resolve;
        });
        continue;
      }
      const from = this.bytesOut;
      const { data, over } = await this.again(() =>
        this.o.node.terminalRead.query({ id, from, waitMs: WAIT_MS }, { signal: this.stopper.signal }),
      );
      const bytes = Buffer.from(data, 'base64');
      if (bytes.length > 0) {
        this.bytesOut += bytes.length;
        this.lead += bytes.length;
        this.o.socket.send(bytes);
      }
      if (over) this.end({ ...over, reason: null });
    }
  }

  /** One call at a time: what is typed meanwhile goes with the next one. */
  private async write(id: string): Promise<void> {
    while (!this.ended) {
      const { size } = this;
      if (this.typed.length === 0 && !size) {
        await new Promise<void>((resolve) => {
          this.wakeWriter = resolve;
        });
        continue;
      }
      this.size = undefined;
      const all = Buffer.concat(this.typed.splice(0));
      const now = all.subarray(0, TERMINAL_WRITE_BYTES);
      if (now.length < all.length) this.typed.unshift(all.subarray(now.length));
      const call = { id, at: this.bytesIn, data: now.toString('base64'), ...(size && { size }) };
      await this.again(() => this.o.node.terminalWrite.mutate(call, { signal: this.stopper.signal }));
      this.bytesIn += now.length;
      this.typedBytes -= now.length;
    }
  }

  private async again<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await orRefused(call());
      } catch (err) {
        const full = err instanceof Refused && err.code === 'RATE_LIMITED'; // its program does not read: that may last
        const away = err instanceof Refused && err.code === 'NODE_UNREACHABLE' && attempt < ATTEMPTS;
        if (this.ended || !(full || away)) throw err;
        await new Promise((resolve) => setTimeout(resolve, full ? RETRY_MS : RETRY_MS * attempt));
      }
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
