import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import type { Reason } from '@/core/errors';
import type { SliceOutcome, SliceSituation } from '@/core/slice/outcome';
import { ADD_JOBS, ADD_JOBS_KEEPING_TIME, jobRows } from '../jobs';
import { type Queryable, transaction } from '../pool';

type Row = {
  state: string;
  name: string;
  ownerId: string;
  wanted: number;
  minimum: number;
  substitute: boolean;
  reason: Reason | null;
  running: number;
  underway: number;
  starting: number;
  growing: boolean;
  notGone: number;
  planned: boolean;
  tried: number;
};

/**
 * Judges a slice by its slivers with its row locked, so that of many slivers that end at once the last sees all, and
 * writes what follows: the state, a job to plan again, the release of everything, a notice to its members. Idempotent.
 */
export async function settleSlice(
  pool: pg.Pool,
  sliceId: string,
  judge: (situation: SliceSituation) => SliceOutcome,
  options: { exhausted: boolean; byPlan: boolean; now: Date },
): Promise<SliceOutcome | null> {
  // Looked at without the lock first: whoever wrote last looks last, and most looks change nothing.
  const glance = await situation(pool, sliceId);
  if (!glance) return null;
  const likely = judge(asJudged(glance, options));
  if (!likely.replan && !likely.releaseAll && !likely.grown && !differs(likely, glance)) return likely;
  return transaction(pool, async (tx) => {
    await tx.query('SELECT 1 FROM "Slice" WHERE id = $1 FOR UPDATE', [sliceId]);
    const row = await situation(tx, sliceId);
    if (!row) return null;
    const outcome = judge(asJudged(row, options));
    // A moment later: nodes often fail together, and one plan then replaces them all.
    const soon = { runAt: new Date(options.now.getTime() + REPLAN_MS) };
    if (outcome.replan) await tx.query(ADD_JOBS_KEEPING_TIME, [jobRows([{ task: 'deploy', sliceId }], soon)]);
    if (outcome.releaseAll) await releaseAll(tx, sliceId);
    if (differs(outcome, row)) await writeState(tx, sliceId, row, outcome, options.now);
    if (outcome.grown) await endGrowth(tx, sliceId, row, options.now);
    return outcome;
  });
}

const REPLAN_MS = 300;
/** The plan that asks is itself not one to wait for. */
function asJudged(row: Row, options: { exhausted: boolean; byPlan: boolean }): SliceSituation {
  return { ...row, planned: row.planned && !options.byPlan, canSubstitute: row.substitute && !options.exhausted };
}

/** States whose reason is judged anew each time; the others keep the one they were given. */
const JUDGED = ['deploying', 'active', 'degraded'];

function differs(outcome: SliceOutcome, row: Row): boolean {
  if (outcome.state === row.state && (outcome.replan || !JUDGED.includes(row.state))) return false; // the plan will tell
  return outcome.state !== row.state || !isDeepStrictEqual(outcome.reason, row.reason);
}

/** Stopped by its own people: as good as running, since nothing is amiss. */
const RESTS = `(v.reported = 'stopped' AND coalesce(v.reason ->> 'code', '') = 'STOPPED_ON_REQUEST')`;

/** The new one of two slivers of a move, while the old one is there: only one of them counts. */
const INCOMING = `EXISTS (SELECT 1 FROM "SliverMove" m JOIN "Sliver" f ON f.id = m."fromId"
  WHERE m."toId" = v.id AND m."settledAt" IS NULL AND f.desired = 'running' AND f."goneAt" IS NULL AND f.reported NOT IN ('failed', 'gone'))`;

async function situation(db: Queryable, sliceId: string): Promise<Row | null> {
  const { rows } = await db.query<Row>(
    `SELECT s.state::text, s.name, s."ownerId", s."sliverCount" AS wanted, s."minimumCount" AS minimum, s.reason,
         coalesce((s.spec->>'substitute')::boolean, true) AS substitute,
         s."growingSince" IS NOT NULL AS growing,
         count(*) FILTER (WHERE v.desired = 'running' AND (v.reported = 'running' OR ${RESTS}))::int AS running,
         count(*) FILTER (WHERE v.desired = 'running' AND v.reported NOT IN ('running', 'failed', 'gone') AND NOT ${RESTS})::int
           + (SELECT count(*)::int FROM "SliverMove" m JOIN "Sliver" f ON f.id = m."fromId"
              WHERE m."sliceId" = s.id AND m."settledAt" IS NULL AND m."toId" IS NULL AND f.reported IN ('failed', 'gone') AND f."givenUpAt" IS NULL) AS underway,
         count(*) FILTER (WHERE v.desired = 'running' AND v.reported IN ('pending', 'ticketed', 'scheduled', 'starting') AND v."runningAt" IS NULL)::int AS starting,
         count(v.id) FILTER (WHERE v."goneAt" IS NULL)::int AS "notGone",
         EXISTS (SELECT 1 FROM graphile_worker.jobs j WHERE j.key = 'deploy:' || s.id) AS planned,
         (SELECT count(DISTINCT f."nodeId")::int FROM "Sliver" f WHERE f."sliceId" = s.id AND f.reported = 'failed') AS tried
       FROM "Slice" s LEFT JOIN "Sliver" v ON v."sliceId" = s.id AND v."goneAt" IS NULL AND NOT ${INCOMING}
       WHERE s.id = $1 GROUP BY s.id`,
    [sliceId],
  );
  return rows[0] ?? null;
}

/**
 * Wants every sliver gone and enqueues the release of each. Those that were to leave already have theirs: a second release of a
 * node at the same time could meet a sliver that came later.
 */
export async function releaseAll(tx: pg.PoolClient, sliceId: string): Promise<void> {
  const { rows } = await tx.query<{ id: string }>(
    `UPDATE "Sliver" SET desired = 'gone', "changedAt" = now()
     WHERE "sliceId" = $1 AND "goneAt" IS NULL AND desired <> 'gone' RETURNING id::text`,
    [sliceId],
  );
  if (rows.length > 0) await tx.query(ADD_JOBS, [jobRows(rows.map(({ id }) => ({ task: 'release', sliverId: id })))]);
}

/** What it grew by runs, or no more of it can be had: the timeline tells. */
async function endGrowth(tx: pg.PoolClient, sliceId: string, row: Row, now: Date): Promise<void> {
  await tx.query(
    `WITH s AS (UPDATE "Slice" SET "growingSince" = NULL WHERE id = $1 AND "growingSince" IS NOT NULL RETURNING name, "siteId")
     INSERT INTO "AuditEvent" (at, actor, action, "objectKind", "objectId", "siteId", facts)
     SELECT $2, 'service manager', 'slice.grown', 'slice', name, "siteId", $3 FROM s`,
    [sliceId, now, JSON.stringify({ running: row.running, wanted: row.wanted })],
  );
}

async function writeState(
  tx: pg.PoolClient,
  sliceId: string,
  row: Row,
  outcome: SliceOutcome,
  now: Date,
): Promise<void> {
  const reason = outcome.reason ? JSON.stringify(outcome.reason) : null;
  await tx.query(
    `UPDATE "Slice" SET state = $2::"SliceState", reason = $3,
       "deployedAt" = CASE WHEN $2 IN ('active', 'degraded') THEN coalesce("deployedAt", $4) ELSE "deployedAt" END,
       "deletedAt" = CASE WHEN $2 = 'deleted' THEN coalesce("deletedAt", $4) ELSE "deletedAt" END
     WHERE id = $1`,
    [sliceId, outcome.state, reason, now],
  );
  await tx.query(`SELECT pg_notify('meridian', $1)`, [JSON.stringify({ k: 'slice', slice: sliceId })]);
  if (outcome.state === row.state) return;
  await tx.query(
    `INSERT INTO "AuditEvent" (at, actor, action, "objectKind", "objectId", "siteId", facts)
     SELECT $2, 'service manager', $3, 'slice', name, "siteId", $4 FROM "Slice" WHERE id = $1`,
    [
      sliceId,
      now,
      `slice.${outcome.state}`,
      JSON.stringify({ from: row.state, running: row.running, wanted: row.wanted, reason: outcome.reason }),
    ],
  );
  if (outcome.state === 'deleted') return;
  if (outcome.state !== 'failed') await tx.query(ADD_JOBS, [jobRows([{ task: 'set-keys', sliceId }])]);
  await tx.query(
    `WITH told AS (
       INSERT INTO "Notification" (id, "userId", kind, facts, href, "createdAt")
       SELECT gen_random_uuid(), "userId", $2, $3, $4, $5 FROM "SliceMember" WHERE "sliceId" = $1 RETURNING "userId"
     ) SELECT pg_notify('meridian', json_build_object('k', 'user', 'id', "userId")::text) FROM told`,
    [
      sliceId,
      `slice-${outcome.state}`,
      JSON.stringify({ slice: row.name, running: row.running, wanted: row.wanted, minimum: row.minimum }),
      `/slices/${row.name}`,
      now,
    ],
  );
}
