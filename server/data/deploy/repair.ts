import type pg from 'pg';
import { ADD_JOBS_KEEPING_TIME, type JobSpec, jobKey, jobRows } from '../jobs';
import { type Queryable, transaction } from '../pool';

/** Only one worker looks at a time; false when another is at it. The lock ends with the transaction. */
export function aloneAt(
  pool: pg.Pool,
  what: 'repair' | 'expire',
  work: (tx: pg.PoolClient) => Promise<void>,
): Promise<boolean> {
  return transaction(pool, async (tx) => {
    const { rows } = await tx.query<{ mine: boolean }>(
      'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS mine',
      [`meridian:${what}`],
    );
    if (!rows[0]?.mine) return false;
    await work(tx);
    return true;
  });
}

/** Slices that are approved, under way or growing: each is planned or judged again, unless a plan is waiting already. */
export async function unsettledSlices(db: Queryable): Promise<{ id: string; state: string; unplanned: boolean }[]> {
  const { rows } = await db.query<{ id: string; state: string; unplanned: boolean }>(
    `SELECT s.id::text, s.state::text,
       s.state = 'approved' OR EXISTS (SELECT 1 FROM "Sliver" v LEFT JOIN "Ticket" t ON t."sliverId" = v.id
         WHERE v."sliceId" = s.id AND v."goneAt" IS NULL AND v.desired = 'running' AND v.reported = 'pending' AND t.jti IS NULL) AS unplanned
     FROM "Slice" s WHERE s.state IN ('approved', 'deploying', 'deleting') AND (s.state = 'deleting' OR NOT s."ownManager")
       OR s.state IN ('active', 'degraded') AND s."growingSince" IS NOT NULL`,
  );
  return rows;
}

/** Deployed slices of which fewer run than were asked for, or more than when it was last judged. */
export async function shortSlices(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT s.id::text FROM "Slice" s
     LEFT JOIN "Sliver" v ON v."sliceId" = s.id AND v."goneAt" IS NULL AND v.desired = 'running' AND v.reported = 'running'
     WHERE s.state IN ('active', 'degraded') AND NOT s."ownManager" GROUP BY s.id
     HAVING (count(v.id) >= s."sliverCount") <> (s.state = 'active')`,
  );
  return rows.map((row) => row.id);
}

/**
 * Slivers that nobody works on though something is to be done: under way for a while; said by their node to have failed or gone
 * while they are wanted; unknown while their node is heard of. One whose lease is over is its renewal's to bring back or give up.
 */
export async function strandedSlivers(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT v.id::text FROM "Sliver" v
     JOIN "Slice" s ON s.id = v."sliceId" AND s.state IN ('deploying', 'active', 'degraded')
     JOIN "Ticket" t ON t."sliverId" = v.id
     LEFT JOIN "Heartbeat" h ON h."nodeId" = v."nodeId"
     LEFT JOIN "Lease" l ON l."sliverId" = v.id
     WHERE v."goneAt" IS NULL AND v.desired = 'running' AND (
       (v.reported IN ('pending', 'ticketed', 'starting', 'scheduled') AND v."changedAt" < now() - interval '5 s')
       OR v.reported IN ('failed', 'gone')
       OR (v.reported IN ('unknown', 'stopped') AND coalesce(v.reason ->> 'code', '') <> 'STOPPED_ON_REQUEST' AND (l.id IS NULL OR l."endsAt" > now()) AND h.reachability = 'online' AND v."changedAt" < now() - interval '15 s')
     ) LIMIT 5000`,
  );
  return rows.map((row) => row.id);
}

/** Slivers that are to leave and have not: their node is heard of, or never can bring them back since all is over. */
export async function pendingReleases(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT v.id::text FROM "Sliver" v LEFT JOIN "Heartbeat" h ON h."nodeId" = v."nodeId"
     LEFT JOIN "Ticket" t ON t."sliverId" = v.id
     WHERE v."goneAt" IS NULL AND v.desired = 'gone' AND v."changedAt" < now() - interval '5 s'
       AND (t.jti IS NULL OR h.reachability = 'online' AND h.at > v."changedAt") LIMIT 5000`,
  );
  return rows.map((row) => row.id);
}

/** Slivers that are to leave, on nodes nobody heard of since, whose term and grace are over: nothing can be left of them. */
export async function lapsedSlivers(db: Queryable, now: Date): Promise<{ id: string; sliceId: string }[]> {
  const { rows } = await db.query<{ id: string; sliceId: string }>(
    `SELECT v.id::text, v."sliceId"::text FROM "Sliver" v JOIN "Slice" s ON s.id = v."sliceId"
     LEFT JOIN "Lease" l ON l."sliverId" = v.id LEFT JOIN "Ticket" t ON t."sliverId" = v.id
     WHERE v."goneAt" IS NULL AND v.desired = 'gone'
       AND greatest(l."endsAt", t."endsAt", s."endsAt") + make_interval(secs => s."graceSeconds") < $1 LIMIT 5000`,
    [now],
  );
  return rows;
}

/**
 * Slices with a sliver that runs, or whose node came back, since their keys were last given out: a key that was removed meanwhile must not
 * live on there. At most every five seconds for one slice.
 */
export async function keysDue(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT s.id::text FROM "Slice" s
     CROSS JOIN LATERAL (SELECT coalesce(max(d."startedAt"), '-infinity') AS at FROM "DeploymentStep" d
       WHERE d."sliceId" = s.id AND d."sliverId" IS NULL AND d.step = 'keys') k
     WHERE s.state IN ('deploying', 'active', 'degraded', 'suspended') AND k.at < now() - interval '5 s' AND EXISTS (
       SELECT 1 FROM "Sliver" v JOIN "Heartbeat" h ON h."nodeId" = v."nodeId"
       WHERE v."sliceId" = s.id AND v."goneAt" IS NULL AND v.desired <> 'gone' AND v.reported = 'running'
         AND h.reachability = 'online' AND greatest(h.since, v."runningAt") > k.at - interval '2 s') LIMIT 1000`,
  );
  return rows.map((row) => row.id);
}

/** Adds those of the jobs that are neither waiting nor running. */
export async function enqueueLost(db: Queryable, jobs: readonly JobSpec[]): Promise<number> {
  if (jobs.length === 0) return 0;
  const { rows } = await db.query<{ key: string }>('SELECT key FROM graphile_worker.jobs WHERE key = ANY($1::text[])', [
    jobs.map(jobKey),
  ]);
  const known = new Set(rows.map((row) => row.key));
  const lost = jobs.filter((job) => !known.has(jobKey(job)));
  if (lost.length > 0) await db.query(ADD_JOBS_KEEPING_TIME, [jobRows(lost)]);
  return lost.length;
}
