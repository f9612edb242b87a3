import type pg from 'pg';
import { ADD_JOBS, jobRows } from '../jobs';
import type { Queryable } from '../pool';
import { releaseAll } from './settle';

type Ending = { id: string; name: string; startsAt: Date; endsAt: Date; warnedAt: Date | null };

/** Live slices that end before `until`. */
export async function endingSlices(db: Queryable, until: Date): Promise<Ending[]> {
  const { rows } = await db.query<Ending>(
    `SELECT id::text, name, "startsAt", "endsAt", "warnedAt" FROM "Slice"
     WHERE state IN ('deploying', 'active', 'degraded') AND "startsAt" IS NOT NULL AND "endsAt" < $1 FOR NO KEY UPDATE SKIP LOCKED`,
    [until],
  );
  return rows;
}

/** Tells the members that the slice ends, and remembers it. */
export async function warn(tx: Queryable, slice: Ending, secondsLeft: number, now: Date): Promise<void> {
  await tx.query('UPDATE "Slice" SET "warnedAt" = $2 WHERE id = $1', [slice.id, now]);
  await tx.query(
    `WITH told AS (
       INSERT INTO "Notification" (id, "userId", kind, facts, href, "createdAt")
       SELECT gen_random_uuid(), "userId", 'slice-ending', $2, $3, $4 FROM "SliceMember" WHERE "sliceId" = $1 RETURNING "userId"
     ) SELECT pg_notify('meridian', json_build_object('k', 'user', 'id', "userId")::text) FROM told`,
    [
      slice.id,
      JSON.stringify({ slice: slice.name, endsAt: slice.endsAt.toISOString(), secondsLeft }),
      `/slices/${slice.name}`,
      now,
    ],
  );
}

/** Terms that are over: slices become `suspended`; their nodes stop the slivers by themselves and keep them for the grace. */
export async function suspendEnded(tx: Queryable, now: Date): Promise<number> {
  const { rows } = await tx.query(
    `WITH ended AS (
       UPDATE "Slice" SET state = 'suspended', reason = json_build_object('code', 'LEASE_ENDED', 'facts', json_build_object('endedAt', to_char("endsAt" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))
       WHERE state IN ('deploying', 'active', 'degraded') AND "endsAt" <= $1 RETURNING id, name, "siteId", "endsAt"
     ), stopped AS (
       UPDATE "Sliver" v SET desired = 'stopped', "changedAt" = now() FROM ended WHERE v."sliceId" = ended.id AND v."goneAt" IS NULL AND v.desired = 'running'
     ), noted AS (
       INSERT INTO "AuditEvent" (at, actor, action, "objectKind", "objectId", "siteId", facts)
       SELECT $1, 'service manager', 'slice.suspended', 'slice', name, "siteId", json_build_object('endedAt', "endsAt") FROM ended
     ) SELECT id, pg_notify('meridian', json_build_object('k', 'slice', 'slice', id)::text) FROM ended`,
    [now],
  );
  return rows.length;
}

/** Graces that are over, of suspended slices and of failed ones: what is left is released, and the slice leaves. */
export async function deleteLapsed(tx: pg.PoolClient, now: Date): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `UPDATE "Slice" SET state = 'deleting' WHERE state IN ('suspended', 'failed') AND "endsAt" + make_interval(secs => "graceSeconds") <= $1 RETURNING id::text`,
    [now],
  );
  for (const { id } of rows) {
    await releaseAll(tx, id);
    await tx.query(ADD_JOBS, [jobRows([{ task: 'deploy', sliceId: id }])]); // a slice without slivers is deleted at once
  }
  return rows.map((row) => row.id);
}
