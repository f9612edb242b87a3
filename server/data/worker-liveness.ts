import type { Queryable } from './pool';

/** Adds the worker's row and gives the number that its advisory lock is on. Again for the same worker: the same number. */
export async function registerWorker(db: Queryable, workerId: string): Promise<string> {
  const { rows } = await db.query<{ lockKey: string }>(
    `INSERT INTO "WorkerLiveness" ("workerId") VALUES ($1)
     ON CONFLICT ("workerId") DO UPDATE SET "workerId" = excluded."workerId" RETURNING "lockKey"::text`,
    [workerId],
  );
  const lockKey = rows[0]?.lockKey;
  if (!lockKey) throw new Error('a worker’s row did not come back');
  return lockKey;
}

/** Class of our advisory locks, so that no other use of them meets the workers' numbers. */
const LOCK_CLASS = 0x6d72; // "mr"

/** Takes the lock for as long as this connection lives. False when another holds it. */
export async function holdLock(connection: Queryable, lockKey: string): Promise<boolean> {
  const { rows } = await connection.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1::int, $2::int) AS held', [
    LOCK_CLASS,
    lockKey,
  ]);
  return rows[0]?.held ?? false;
}

/**
 * Frees the jobs of workers that died: those whose lock nobody holds, and names that no row knows (killed before it was
 * written; 5 s are allowed for that). Returns whose they were.
 */
export async function freeDeadWorkers(db: Queryable, self: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ workerId: string }>(
    `WITH dead AS (
       SELECT "workerId" FROM "WorkerLiveness" w
       WHERE NOT "workerId" = ANY($1::text[]) AND NOT EXISTS (
         SELECT 1 FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $2::oid AND l.objid = w."lockKey"::oid AND l.objsubid = 2
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
     ), unknown AS (
       SELECT DISTINCT locked_by AS "workerId" FROM graphile_worker.jobs j
       WHERE locked_at < now() - interval '5 s' AND NOT locked_by = ANY($1::text[])
         AND NOT EXISTS (SELECT 1 FROM "WorkerLiveness" w WHERE w."workerId" = j.locked_by)
     ), gone AS (
       DELETE FROM "WorkerLiveness" w USING dead WHERE w."workerId" = dead."workerId"
     )
     SELECT "workerId" FROM dead UNION SELECT "workerId" FROM unknown`,
    [self, LOCK_CLASS],
  );
  const ids = rows.map((row) => row.workerId);
  if (ids.length > 0) {
    await db.query('SELECT graphile_worker.force_unlock_workers($1::text[])', [ids]);
    // Workers poll, and are told so that they look at once.
    await db.query(`SELECT pg_notify('jobs:insert', '{"r":' || random()::text || ',"count":1}')`);
  }
  return ids;
}

/** A worker that ends in order leaves no row. */
export async function unregisterWorkers(db: Queryable, workerIds: readonly string[]): Promise<void> {
  await db.query('DELETE FROM "WorkerLiveness" WHERE "workerId" = ANY($1::text[])', [workerIds]);
}
