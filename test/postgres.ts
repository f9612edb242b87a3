import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { copyTemplate, dropDatabase } from './postgres-server';

/** A database of one test file's own: migrated, empty, on a real Postgres. */
export type TestDatabase = {
  /** For `DATABASE_URL` and clients of the test's own. */
  url: string;
  /** A pool on it, ended with the database. */
  pool: pg.Pool;
  /** Drops the database, ending whatever is still connected. Called by itself after the file; idempotent. */
  drop: () => Promise<void>;
};

/**
 * A copy of the template for the calling test file. Call it at the top of the file (`const database = await
 * testDatabase()`); in a hook or a test, call `drop` yourself. Only in `*.db.test.ts` and `*.host.test.ts`: others have no server.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const adminUrl = inject('postgresAdminUrl');
  const url = await copyTemplate(adminUrl);
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on('error', () => {}); // dropping the database ends its connections
  let dropped: Promise<void> | undefined;
  const drop = () => {
    dropped ??= (async () => {
      await pool.end();
      await dropDatabase(adminUrl, new URL(url).pathname.slice(1));
    })();
    return dropped;
  };
  try {
    afterAll(drop);
  } catch {
    // called from within a test, where no hook can be added: the caller drops it, or the server's end does
  }
  return { url, pool, drop };
}
