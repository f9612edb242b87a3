import pg from 'pg';
import { freeDeadWorkers, holdLock, registerWorker, unregisterWorkers } from '@/server/data/worker-liveness';
import type { Log } from '@/server/log';

const EVERY_MS = 1_000;
const RECONNECT_MS = 500;

/**
 * Keeps this process's workers known as alive, and frees the jobs of those that are not: a killed worker would keep its
 * jobs locked for hours. Being alive is a lock that Postgres holds for a connection of ours and lets go when that ends,
 * however it ends. A worker that was only cut off may find its jobs taken over: every job is safe to run twice.
 */
export class Liveness {
  private readonly workers = new Map<string, string>();
  private connection: pg.Client | null = null;
  private timer: NodeJS.Timeout | undefined;
  private busy: Promise<void> = Promise.resolve();
  private ended = false;

  constructor(
    private readonly url: string,
    private readonly log: Log,
  ) {}

  async start(): Promise<void> {
    await this.connect();
    await this.beat();
    this.timer = setInterval(() => {
      this.busy = this.busy.then(() => this.beat());
    }, EVERY_MS);
  }

  /** Counts another pool of workers of this process as alive. */
  add(workerId: string): void {
    this.workers.set(workerId, '');
    this.busy = this.busy.then(() => this.beat());
  }

  /** When all that was added so far is known to the database. */
  async settled(): Promise<void> {
    await this.busy;
  }

  async stop(): Promise<void> {
    this.ended = true;
    clearInterval(this.timer);
    await this.busy;
    const connection = this.connection;
    this.connection = null;
    if (!connection) return;
    await unregisterWorkers(connection, [...this.workers.keys()]).catch(() => {});
    await connection.end().catch(() => {});
  }

  private async beat(): Promise<void> {
    if (this.ended) return;
    try {
      if (!this.connection) await this.connect();
      const connection = this.connection;
      if (!connection) return;
      for (const [workerId, held] of this.workers) {
        if (held) continue;
        const lockKey = await registerWorker(connection, workerId);
        if (await holdLock(connection, lockKey)) this.workers.set(workerId, lockKey);
      }
      const freed = await freeDeadWorkers(connection, [...this.workers.keys()]);
      if (freed.length > 0) this.log.warn({ workers: freed }, 'freed the jobs of dead workers');
    } catch (err) {
      if (!this.ended) this.log.warn({ err }, 'the workers’ liveness could not be told to the database');
      await this.lost();
    }
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
      keepAlive: true,
      application_name: 'meridian-worker-liveness',
    });
    client.on('error', () => void this.lost());
    await client.connect();
    this.connection = client;
  }

  /** The connection is gone and with it every lock: the rows may be gone as well. */
  private async lost(): Promise<void> {
    const connection = this.connection;
    this.connection = null;
    for (const workerId of this.workers.keys()) this.workers.set(workerId, '');
    if (!connection) return;
    await connection.end().catch(() => {});
    await new Promise((done) => setTimeout(done, RECONNECT_MS));
  }
}
