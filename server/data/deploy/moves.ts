import type pg from 'pg';
import type { OpenMove } from '@/core/broker/fill-places';
import type { Reason } from '@/core/errors';
import { isChangeable, judgeMove, movesAtOnce } from '@/core/slice/change';
import { moved } from '@/core/slice/placement';
import { PlacedSpec } from '@/protocol/api/slice';
import { ADD_JOBS_KEEPING_TIME, jobRows } from '../jobs';
import { type Queryable, transaction } from '../pool';

/** The moves of a slice that are not through, oldest first. */
export async function loadOpenMoves(db: Queryable, sliceId: string): Promise<OpenMove[]> {
  const { rows } = await db.query<OpenMove>(
    `SELECT id::text, "fromId"::text, "toId"::text, "targetNode", "otherSite", tried FROM "SliverMove"
     WHERE "sliceId" = $1 AND "settledAt" IS NULL ORDER BY "createdAt", id`,
    [sliceId],
  );
  return rows;
}

/** Slices with moves that are not through: their jobs may have been lost, and heartbeats tell of what runs. */
export async function movingSlices(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT DISTINCT "sliceId"::text AS id FROM "SliverMove" WHERE "settledAt" IS NULL`,
  );
  return rows.map((row) => row.id);
}

type Row = {
  id: string;
  fromId: string;
  toId: string | null;
  targetNode: string | null;
  tried: string[];
  createdAt: Date;
  state: string;
  sliverCount: number;
  from: 'wanted' | 'failed' | 'gone';
  to: 'underway' | 'running' | 'failed' | null;
  part: number;
  fromNode: string;
  fromHost: string;
  toNode: string | null;
  toHost: string | null;
  toReason: Reason | null;
};

const ROWS = `SELECT m.id::text, m."fromId"::text, m."toId"::text, m."targetNode", m.tried, m."createdAt", s.state::text, s."sliverCount",
    CASE WHEN f."givenUpAt" IS NOT NULL THEN 'gone' WHEN f.reported IN ('failed', 'gone') THEN 'failed'
      WHEN f.desired <> 'running' OR f."goneAt" IS NOT NULL THEN 'gone' ELSE 'wanted' END AS "from",
    CASE WHEN t.id IS NULL THEN NULL WHEN t.reported IN ('failed', 'gone') OR t.desired = 'gone' OR t."goneAt" IS NOT NULL THEN 'failed'
      WHEN t.reported = 'running' OR t.reported = 'stopped' AND coalesce(t.reason ->> 'code', '') = 'STOPPED_ON_REQUEST' THEN 'running'
      ELSE 'underway' END AS "to",
    f.part, fn.urn AS "fromNode", fn.hostname AS "fromHost", tn.urn AS "toNode", tn.hostname AS "toHost", t.reason AS "toReason"
  FROM "SliverMove" m JOIN "Slice" s ON s.id = m."sliceId"
  JOIN "Sliver" f ON f.id = m."fromId" JOIN "Node" fn ON fn.id = f."nodeId"
  LEFT JOIN "Sliver" t ON t.id = m."toId" LEFT JOIN "Node" tn ON tn.id = t."nodeId"
  WHERE m."sliceId" = $1 AND m."settledAt" IS NULL ORDER BY m."createdAt", m.id`;

function verdictOf(row: Row) {
  const { from, to, tried, targetNode } = row;
  const tries = tried.length + (to === 'failed' ? 1 : 0);
  return judgeMove({ changeable: isChangeable(row.state), from, to, tries, picked: targetNode !== null });
}

/**
 * Takes each open move as far as its slivers have come, with the slice's row locked: the old sliver goes once the new one runs, another node is tried,
 * or the old one stays and the members are told why. It goes by the rows alone, so it may be done at any time, twice, and again
 * after a crash. Asks for a plan where moves wait for their turn. Cheap where none is open.
 */
export async function settleMoves(pool: pg.Pool, worker: string, sliceId: string, now: Date): Promise<void> {
  const glance = await pool.query<Row>(ROWS, [sliceId]);
  const due = glance.rows.some((row) => verdictOf(row) !== 'wait') || mayBegin(glance.rows);
  if (!due) return;
  await transaction(pool, async (tx) => {
    await tx.query('SELECT 1 FROM "Slice" WHERE id = $1 FOR UPDATE', [sliceId]);
    const { rows } = await tx.query<Row>(ROWS, [sliceId]);
    for (const row of rows) await settleOne(tx, worker, sliceId, row, now);
    const left = await tx.query<Row>(ROWS, [sliceId]);
    if (mayBegin(left.rows)) await tx.query(ADD_JOBS_KEEPING_TIME, [jobRows([{ task: 'deploy', sliceId }])]);
    await tx.query(`SELECT pg_notify('meridian', $1)`, [JSON.stringify({ k: 'slice', slice: sliceId })]);
  });
}

/** Does a move wait though its turn has come? */
function mayBegin(rows: readonly Row[]): boolean {
  const [first] = rows;
  if (!first || !isChangeable(first.state)) return false;
  const underway = rows.filter((row) => row.toId !== null).length;
  return underway < rows.length && underway < movesAtOnce(first.sliverCount);
}

async function settleOne(tx: pg.PoolClient, worker: string, sliceId: string, row: Row, now: Date): Promise<void> {
  const verdict = verdictOf(row);
  if (verdict === 'wait') return;
  if (verdict === 'done') {
    await leave(tx, row.fromId, now);
    await end(tx, row.id, 'done', null, now);
    await replace(tx, sliceId, row);
    await step(tx, worker, sliceId, row, 'ok', null, now);
    await note(tx, sliceId, 'slice.moved', { node: row.fromHost, to: row.toHost }, now);
    return;
  }
  if (row.toId !== null) await leave(tx, row.toId, now);
  const reason = row.toReason;
  if (verdict === 'retry') {
    await tx.query(
      `UPDATE "SliverMove" SET "toId" = NULL, tried = array_append(tried, $2), reason = $3 WHERE id = $1`,
      [row.id, row.toNode, reason && JSON.stringify(reason)],
    );
    await step(tx, worker, sliceId, row, 'retry', reason, now);
  } else if (verdict === 'fail') await failMove(tx, worker, sliceId, row, reason, now);
  else await end(tx, row.id, 'cancelled', null, now);
}

/** Ends moves for which there is no node: the old slivers stay, and the members are told. Idempotent. */
export function failMoves(
  pool: pg.Pool,
  worker: string,
  sliceId: string,
  failed: readonly { id: string; reason: Reason }[],
  now: Date,
): Promise<void> {
  return transaction(pool, async (tx) => {
    await tx.query('SELECT 1 FROM "Slice" WHERE id = $1 FOR UPDATE', [sliceId]);
    const { rows } = await tx.query<Row>(ROWS, [sliceId]);
    for (const { id, reason } of failed) {
      const row = rows.find((one) => one.id === id && one.toId === null);
      if (row) await failMove(tx, worker, sliceId, row, reason, now);
    }
    await tx.query(`SELECT pg_notify('meridian', $1)`, [JSON.stringify({ k: 'slice', slice: sliceId })]);
  });
}

async function failMove(
  tx: pg.PoolClient,
  worker: string,
  sliceId: string,
  row: Row,
  reason: Reason | null,
  now: Date,
): Promise<void> {
  await end(tx, row.id, 'failed', reason, now);
  await step(tx, worker, sliceId, row, 'failed', reason, now);
  await note(tx, sliceId, 'slice.not-moved', { node: row.fromHost, reason }, now);
  await tx.query(
    `WITH told AS (
       INSERT INTO "Notification" (id, "userId", kind, facts, href, "createdAt")
       SELECT gen_random_uuid(), m."userId", 'slice-not-moved', json_build_object('slice', s.name, 'node', $2::text), '/slices/' || s.name, $3
       FROM "SliceMember" m JOIN "Slice" s ON s.id = m."sliceId" WHERE s.id = $1 RETURNING "userId"
     ) SELECT pg_notify('meridian', json_build_object('k', 'user', 'id', "userId")::text) FROM told`,
    [sliceId, row.fromHost, now],
  );
}

/** A sliver that is not wanted any more, for good: released, unless that is under way. */
async function leave(tx: pg.PoolClient, sliverId: string, now: Date): Promise<void> {
  const { rowCount } = await tx.query(
    `UPDATE "Sliver" SET desired = 'gone', "givenUpAt" = $2, "changedAt" = now()
     WHERE id = $1 AND "goneAt" IS NULL AND desired <> 'gone'`,
    [sliverId, now],
  );
  if (rowCount === 1) await tx.query(ADD_JOBS_KEEPING_TIME, [jobRows([{ task: 'release', sliverId }])]);
  else await tx.query(`UPDATE "Sliver" SET "givenUpAt" = coalesce("givenUpAt", $2) WHERE id = $1`, [sliverId, now]);
}

async function end(tx: Queryable, id: string, state: string, reason: Reason | null, now: Date): Promise<void> {
  await tx.query(
    `UPDATE "SliverMove" SET state = $2, reason = $3, "settledAt" = $4 WHERE id = $1 AND "settledAt" IS NULL`,
    [id, state, reason && JSON.stringify(reason), now],
  );
}

/** The slice does not want the node back that was left. */
async function replace(tx: Queryable, sliceId: string, row: Row): Promise<void> {
  const { rows } = await tx.query<{ spec: unknown }>('SELECT spec FROM "Slice" WHERE id = $1', [sliceId]);
  const spec = PlacedSpec.parse(rows[0]?.spec);
  const to = { node: row.toNode ?? '', picked: row.targetNode !== null };
  const next = moved(spec, { node: row.fromNode, part: row.part }, to);
  await tx.query('UPDATE "Slice" SET spec = $2 WHERE id = $1', [sliceId, JSON.stringify(next)]);
}

async function step(
  tx: Queryable,
  worker: string,
  sliceId: string,
  row: Row,
  outcome: 'ok' | 'retry' | 'failed',
  reason: Reason | null,
  now: Date,
): Promise<void> {
  await tx.query(
    `INSERT INTO "DeploymentStep" ("sliceId", "sliverId", step, outcome, attempt, reason, "startedAt", "endedAt", worker)
     VALUES ($1, $2, 'move', $3, $4, $5, $6, $7, $8)`,
    [sliceId, row.fromId, outcome, row.tried.length + 1, reason && JSON.stringify(reason), row.createdAt, now, worker],
  );
}

async function note(tx: Queryable, sliceId: string, action: string, facts: object, now: Date): Promise<void> {
  await tx.query(
    `INSERT INTO "AuditEvent" (at, actor, action, "objectKind", "objectId", "siteId", facts)
     SELECT $2, 'service manager', $3, 'slice', name, "siteId", $4 FROM "Slice" WHERE id = $1`,
    [sliceId, now, action, JSON.stringify(facts)],
  );
}
