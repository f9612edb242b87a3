import pg from 'pg';

/** A pool, a client of it, or a client in a transaction: what data functions with hand-written SQL run on. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

/** Opens a pool of plain `pg` connections. Whoever opens it ends it. */
export function openPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis: 10_000, allowExitOnIdle: false });
  pool.on('error', () => {}); // an idle connection was lost: the next query opens another, or fails and says so
  return pool;
}

/** Deadlock, serialization failure: the same transaction may succeed when it is done again. */
const AGAIN = new Set(['40P01', '40001']);

/** Runs `work` in a transaction; again, at most three times, when Postgres chose it as a deadlock's victim. */
export async function transaction<T>(pool: pg.Pool, work: (tx: pg.PoolClient) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const client = await pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const out = await work(client);
      await client.query('COMMIT');
      return out;
    } catch (err) {
      await client.query('ROLLBACK').catch((cause: Error) => {
        broken = cause;
      });
      if (attempt < 3 && !broken && isAgain(err)) continue;
      throw err;
    } finally {
      client.release(broken);
    }
  }
}

/** A statement that is a transaction by itself; again when it was a deadlock's victim. */
export async function statement<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  text: string,
  values: unknown[],
): Promise<pg.QueryResult<Row>> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await pool.query<Row>(text, values);
    } catch (err) {
      if (attempt >= 3 || !isAgain(err)) throw err;
    }
  }
}

function isAgain(err: unknown): boolean {
  return err instanceof Error && 'code' in err && typeof err.code === 'string' && AGAIN.has(err.code);
}
