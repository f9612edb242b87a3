import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { Refused } from '@/core/errors';
import { TerminalAsk, type TerminalNews } from '@/protocol/api/terminal';
import type { NodeManagerClient, Target } from '@/protocol/transport/client';
import type { Auth } from '@/server/auth';
import type { Db } from '@/server/db';
import type { Log } from '@/server/log';
import { type Entered, enterTerminal, mayStay, writeDown } from '@/server/services/terminals/enter-terminal';
import type { Context } from '@/server/trpc/context';
import { contextOf } from '@/server/trpc/request-context';
import { type Ended, TerminalSession } from './session';

const MOST = 256;
const MOST_OF_PERSON = 8;
const FIRST_WORD_MS = 5_000;
const MAX_MESSAGE_BYTES = 65_536;

export type TerminalServerOptions = {
  db: Db;
  auth: Auth;
  /** The site's own origin: another site's page must not use our cookie. */
  origin: string;
  /** A client with connections of its own: its long polls must not hold up others' calls. */
  dial: (target: Target) => Promise<{ client: NodeManagerClient; close: () => Promise<void> }>;
  log: Log;
};

/** The terminals of this web process: from a WebSocket of a signed-in person to a sliver. */
export class TerminalServer {
  private readonly server = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  });
  private readonly stopper = new AbortController();
  private readonly running = new Map<Promise<void>, string>();

  constructor(private readonly o: TerminalServerOptions) {}

  /** Takes over a connection that asks to be upgraded at TERMINAL_PATH. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    this.admit(request).then(
      (context) => {
        this.server.handleUpgrade(request, socket, head, (ws) => {
          const done: Promise<void> = this.serve(ws, context)
            .catch((err: unknown) => this.o.log.error({ err }, 'a terminal failed'))
            .finally(() => {
              this.running.delete(done);
              ws.close();
            });
          this.running.set(done, context.person.id);
        });
      },
      (err: unknown) => {
        if (!(err instanceof Refused)) this.o.log.error({ err }, 'a terminal could not be admitted');
        const status =
          err instanceof Refused
            ? err.code === 'RATE_LIMITED'
              ? '429 Too Many Requests'
              : '403 Forbidden'
            : '500 Internal Server Error';
        socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      },
    );
  }

  /** Ends all of them, each with its line in the audit log. */
  async close(): Promise<void> {
    this.stopper.abort();
    await Promise.allSettled(this.running.keys());
  }

  /** Cookie, origin and bounds, before a single byte of a WebSocket is spoken. */
  private async admit(request: IncomingMessage): Promise<Context & { person: NonNullable<Context['person']> }> {
    const { db, auth, origin, log } = this.o;
    if (request.headers.origin !== origin) throw new Refused('NOT_ALLOWED', { permission: 'same-origin' });
    const headers = new Headers();
    for (const name of ['cookie', 'x-forwarded-for', 'user-agent']) {
      const value = request.headers[name];
      if (typeof value === 'string') headers.set(name, value);
    }
    const { context } = await contextOf(db, auth, headers, log);
    const { person } = context;
    if (!person) throw new Refused('NOT_SIGNED_IN');
    const own = [...this.running.values()].filter((id) => id === person.id).length;
    if (this.stopper.signal.aborted || this.running.size >= MOST || own >= MOST_OF_PERSON)
      throw new Refused('RATE_LIMITED', { retryAfterSeconds: 60 });
    return { ...context, person };
  }

  private async serve(socket: WebSocket, context: Context & { person: NonNullable<Context['person']> }): Promise<void> {
    const { db, dial } = this.o;
    socket.on('error', () => {});
    const ask = await firstWord(socket);
    if (!ask) return;
    let entered: Entered | null = null;
    let session: TerminalSession | null = null;
    let ended: Ended = { why: 'refused', exitCode: null, reason: null };
    const began = Date.now();
    try {
      entered = await enterTerminal(db, context.person, ask.token, new Date());
      const { slice, target } = entered;
      const { client, close } = await dial({ address: target.address, urn: target.urn, jkt: target.jkt });
      try {
        session = new TerminalSession({
          socket,
          node: client,
          open: { slice: slice.urn, cols: ask.cols, rows: ask.rows, who: context.person.urn },
          recheck: async () => mayStay(db, await context.again(), slice.name, slice.id),
          signal: this.stopper.signal,
        });
        ended = await session.run();
      } finally {
        await close();
      }
    } catch (err) {
      ended = { why: 'refused', exitCode: null, reason: err instanceof Refused ? err.reason : null };
      if (!(err instanceof Refused)) this.o.log.error({ err }, 'a terminal failed');
    }
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify({ t: 'over', ...ended } satisfies TerminalNews));
    if (!entered) return;
    const facts = {
      seconds: Math.round((Date.now() - began) / 1000),
      why: ended.reason?.code ?? ended.why,
      bytesIn: session?.bytesIn ?? 0,
      bytesOut: session?.bytesOut ?? 0,
    };
    await writeDown(db, entered, 'slice.terminal.close', facts, new Date());
  }
}

/** The first message, which must ask to open; null for anything else, or when none comes in time. */
function firstWord(socket: WebSocket): Promise<Extract<TerminalAsk, { t: 'open' }> | null> {
  return new Promise((resolve) => {
    const done = (ask: Extract<TerminalAsk, { t: 'open' }> | null) => {
      clearTimeout(timer);
      socket.off('message', heard).off('close', left);
      resolve(ask);
    };
    const left = () => done(null);
    const heard = (data: unknown, isBinary: boolean) => {
      try {
        const ask = isBinary ? null : TerminalAsk.parse(JSON.parse(String(data)));
        done(ask?.t === 'open' ? ask : null);
      } catch {
        done(null);
      }
    };
    const timer = setTimeout(left, FIRST_WORD_MS);
    socket.on('message', heard).once('close', left);
  });
}
