import pg from 'pg';

/** What a query runs on: the pool, or the client of a transaction. */
export type Queryable = {
  query<R extends pg.QueryResultRow>(sql: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult<R>>;
};
export type Pool = pg.Pool;

/** A pool on the deployment's database; a query that waits longer than 30 s for a connection or an answer fails. */
export function openPool(connectionString: string, max = 10): Pool {
  const pool = new pg.Pool({
    connectionString,
    max,
    application_name: 'meridian-agent',
    connectionTimeoutMillis: 30_000,
    statement_timeout: 30_000,
  });
  pool.on('error', () => {}); // an idle connection that broke is replaced at the next query
  return pool;
}

/** Runs `work` in one transaction (READ COMMITTED): committed when it resolves, rolled back when it throws. */
export async function inTransaction<T>(pool: Pool, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (err) {
    await client.query('ROLLBACK').then(
      () => client.release(),
      (broken: Error) => client.release(broken),
    );
    throw err;
  }
}
