import pg from 'pg';

const RETRY_MS = 500;
/** A connection that died without a word shows only when something is asked of it. */
const PING_MS = 5_000;

/**
 * Hears that something was taken back, on a connection of its own; says so too after each time that it was not listening, for what it may
 * have missed.
 */
export class RevocationListener {
  private client: pg.Client | null = null;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly url: string,
    private readonly onNews: () => void,
  ) {}

  /** Resolves after the first try; it goes on trying. */
  async start(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: 5_000,
      query_timeout: 5_000,
      keepAlive: true,
      application_name: 'meridian-agent-revocations',
    });
    this.client = client;
    client.on('notification', () => this.onNews());
    client.on('error', () => this.lost(client));
    client.on('end', () => this.lost(client));
    try {
      await client.connect();
      await client.query('LISTEN meridian_revoked');
      this.onNews();
      this.ping(client);
    } catch {
      this.lost(client);
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const { client } = this;
    this.client = null;
    await client?.end().catch(() => {});
  }

  private ping(client: pg.Client): void {
    if (this.stopped || this.client !== client) return;
    this.timer = setTimeout(() => {
      client.query('SELECT 1').then(
        () => this.ping(client),
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
    this.timer = setTimeout(() => void this.start(), RETRY_MS);
    this.timer.unref();
  }
}
