import pg from 'pg';
import type { Log } from '@/server/log';
import { Notice } from './notice';

export type ListenerEvents = {
  notice: (notice: Notice) => void;
  /** The connection was lost and is back: whatever was sent meanwhile was missed. */
  missed: () => void;
};

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;
/** A dead peer shows only when something is asked of it. */
const PING_MS = 10_000;

/** The one LISTEN connection of a process. Reconnects with growing waits until `stop`. */
export class Listener {
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private wait = FIRST_WAIT_MS;
  private hasListened = false;

  constructor(
    private readonly url: string,
    private readonly on: ListenerEvents,
    private readonly log: Log,
  ) {}

  /** Resolves when it listens; what is committed from then on is heard. */
  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
      application_name: 'meridian-live',
    });
    client.on('notification', ({ payload }) => this.heard(payload ?? ''));
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    try {
      await client.connect();
      await client.query('LISTEN meridian');
    } catch (err) {
      client.end().catch(() => {});
      if (this.hasListened) return this.again();
      throw err;
    }
    if (this.stopped) return void client.end().catch(() => {});
    this.client = client;
    this.wait = FIRST_WAIT_MS;
    if (this.hasListened) this.on.missed();
    this.hasListened = true;
    this.ping(client);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const client = this.client;
    this.client = null;
    await client?.end().catch(() => {});
  }

  private ping(client: pg.Client): void {
    this.timer = setTimeout(() => {
      client.query('SELECT 1').then(
        () => this.client === client && this.ping(client),
        () => this.lost(client),
      );
    }, PING_MS);
    this.timer.unref();
  }

  private lost(client: pg.Client): void {
    if (this.stopped || this.client !== client) return;
    this.client = null;
    clearTimeout(this.timer);
    client.end().catch(() => {});
    this.log.warn('the connection that hears of changes is lost');
    this.again();
  }

  private again(): void {
    if (this.stopped) return;
    const wait = this.wait;
    this.wait = Math.min(LONGEST_WAIT_MS, wait * 2);
    this.timer = setTimeout(() => void this.start(), wait);
    this.timer.unref();
  }

  private heard(payload: string): void {
    const notice = Notice.safeParse(parse(payload));
    if (notice.success) this.on.notice(notice.data);
    else this.log.warn({ payload: payload.slice(0, 200) }, 'a notice that nobody understands');
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
