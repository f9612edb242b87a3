import { finished } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** What a query runs on: the pool, or the client of a transaction. */
export type Queryable = {
  query<R extends pg.QueryResultRow>(sql: string | pg.QueryConfig, values?: unknown[]): Promise<pg.QueryResult<R>>;
};
export type Pool = pg.Pool;
/** The client of a transaction, which can also take rows in COPY's format: `sql` is a `COPY … FROM STDIN`. */
export type Transaction = Queryable & { copy(sql: string, rows: Buffer): Promise<void> };

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
export async function inTransaction<T>(pool: Pool, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work({
      query: (sql, values) => client.query(sql, values),
      copy: (sql, rows) => finished(client.query(copyFrom(sql)).end(rows)),
    });
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
