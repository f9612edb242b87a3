import type pg from 'pg';
import type { Reason } from '@/core/errors';
import type { SliceSpec } from '@/protocol/api/slice';
import { ADD_JOBS, jobRows } from '../jobs';
import { type Queryable, transaction } from '../pool';

/** What a plan goes by. */
export type PlanSlice = {
  id: string;
  name: string;
  urn: string;
  ownManager: boolean;
  state: string;
  spec: SliceSpec;
  sliverCount: number;
  minimumCount: number;
  termSeconds: number;
  graceSeconds: number;
  startsAt: Date | null;
  endsAt: Date | null;
  ownerUrn: string | null;
};

export type PlanSliver = {
  id: string;
  nodeUrn: string;
  hostname: string;
  reported: string;
  desired: string;
  goneAt: Date | null;
  picked: boolean;
  ticketed: boolean;
  createdAt: Date;
  substituted: boolean;
  /** An agent’s policy gave no ticket for it: other nodes would not change that. */
  denied: boolean;
  part: number;
  givenUpAt: Date | null;
};

export async function loadPlanSlice(db: Queryable, sliceId: string): Promise<PlanSlice | null> {
  const { rows } = await db.query<PlanSlice>(
    `SELECT s.id::text, s.name, s.urn, s.state::text, s.spec, s."sliverCount", s."minimumCount", s."termSeconds", s."graceSeconds",
       s."startsAt", s."endsAt", s."ownManager", u.urn AS "ownerUrn"
     FROM "Slice" s JOIN "User" u ON u.id = s."ownerId" WHERE s.id = $1`,
    [sliceId],
  );
  return rows[0] ?? null;
}

/** Every sliver that the slice ever had, oldest first. */
export async function loadPlanSlivers(db: Queryable, sliceId: string): Promise<PlanSliver[]> {
  const { rows } = await db.query<PlanSliver>(
    `SELECT v.id::text, n.urn AS "nodeUrn", n.hostname, v.reported::text, v.desired::text, v."goneAt", v.picked,
       t.jti IS NOT NULL AS ticketed, v."createdAt",
       EXISTS (SELECT 1 FROM "Sliver" o WHERE o."substituteForId" = v.id) AS substituted,
       coalesce(v.reason ->> 'code', '') = 'POLICY_DENIED' AS denied, v.part, v."givenUpAt"
     FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId" LEFT JOIN "Ticket" t ON t."sliverId" = v.id
     WHERE v."sliceId" = $1 ORDER BY v."createdAt", v.id`,
    [sliceId],
  );
  return rows;
}

/** When a person last asked to try again: nodes that failed before that may be tried again. */
export async function lastRetryAt(db: Queryable, sliceId: string): Promise<Date | null> {
  const { rows } = await db.query<{ at: Date | null }>(
    `SELECT max(a.at) AS at FROM "Slice" s JOIN "AuditEvent" a ON a."objectKind" = 'slice' AND a."objectId" = s.name
     WHERE s.id = $1 AND a.action = 'slice.retry' AND a.at >= s."createdAt"`,
    [sliceId],
  );
  return rows[0]?.at ?? null;
}

/** `part`: of the spec, see core/slice/placement; `moveId`: the move that it is for. */
export type NewSliver = {
  node: string;
  picked: boolean;
  substituteForId: string | null;
  part: number;
  moveId: string | null;
};

/**
 * Adds slivers (state `pending`) to a slice that is approved or running, and makes an approved one `deploying`, its term
 * beginning now where nobody said when. The slice's row is locked, and `expected` (how many slivers it had when the choice was made) makes
 * a second plan that ran meanwhile come to nothing. Nodes that have a live sliver of the slice already are left out.
 * Returns the new slivers, or null when the slice's state or slivers are not what the plan was made for.
 */
export function addSlivers(
  pool: pg.Pool,
  sliceId: string,
  expected: number,
  slivers: readonly NewSliver[],
  now: Date,
): Promise<{ id: string; nodeUrn: string }[] | null> {
  return transaction(pool, async (tx) => {
    const { rows } = await tx.query<{ state: string; have: number }>(
      `SELECT state::text, (SELECT count(*)::int FROM "Sliver" WHERE "sliceId" = $1) AS have FROM "Slice" WHERE id = $1 FOR UPDATE`,
      [sliceId],
    );
    const have = await tx.query<{ n: number }>('SELECT count(*)::int AS n FROM "Sliver" WHERE "sliceId" = $1', [
      sliceId,
    ]);
    const slice = rows[0];
    if (
      !slice ||
      !['approved', 'deploying', 'active', 'degraded'].includes(slice.state) ||
      have.rows[0]?.n !== expected
    )
      return null;
    await tx.query(
      `UPDATE "Slice" SET state = CASE state WHEN 'approved' THEN 'deploying'::"SliceState" ELSE state END, reason = NULL,
         "startsAt" = coalesce("startsAt", $2), "endsAt" = coalesce("endsAt", $2 + make_interval(secs => "termSeconds"))
       WHERE id = $1`,
      [sliceId, now],
    );
    const added = await tx.query<{ id: string; nodeUrn: string }>(
      `WITH wanted AS (SELECT * FROM json_to_recordset($2::json) AS x(node text, picked boolean, "substituteForId" uuid, part int, "moveId" uuid, place int)),
       added AS (
         INSERT INTO "Sliver" (id, "sliceId", "nodeId", picked, "substituteForId", part, "createdAt", "changedAt")
         SELECT gen_random_uuid(), $1, n.id, w.picked, w."substituteForId", w.part, $3, $3 FROM wanted w JOIN "Node" n ON n.urn = w.node
         ORDER BY w.place
         ON CONFLICT DO NOTHING RETURNING id, "nodeId"
       )
       SELECT a.id::text, n.urn AS "nodeUrn" FROM added a JOIN "Node" n ON n.id = a."nodeId"`,
      [sliceId, JSON.stringify(slivers.map((s, place) => ({ ...s, place }))), now],
    );
    for (const { node, moveId } of slivers) {
      const sliver = moveId && added.rows.find((row) => row.nodeUrn === node);
      if (sliver)
        await tx.query('UPDATE "SliverMove" SET "toId" = $2 WHERE id = $1 AND "settledAt" IS NULL', [
          moveId,
          sliver.id,
        ]);
    }
    await tx.query(`SELECT pg_notify('meridian', $1)`, [JSON.stringify({ k: 'slice', slice: sliceId })]);
    return added.rows;
  });
}

export type StoredTicket = { sliverId: string; iss: string; jti: string; text: string };
export type TicketTerms = { startsAt: Date; endsAt: Date; notBefore: Date; notAfter: Date };

/**
 * Binds tickets to their slivers, makes these `ticketed`, and enqueues each one's saga, all at once. The agent stored each
 * ticket before it handed it out; an agent with a database of its own did so there, so the row is made where it is missing. Idempotent.
 */
export async function storeTickets(
  pool: pg.Pool,
  sliceId: string,
  tickets: readonly (StoredTicket & TicketTerms)[],
  worker: string,
  startedAt: Date,
): Promise<void> {
  if (tickets.length === 0) return;
  const now = new Date();
  await transaction(pool, async (tx) => {
    await tx.query(
      `WITH x AS (SELECT * FROM json_to_recordset($2::json) AS x("sliverId" uuid, iss text, jti text, text text,
           "startsAt" timestamptz, "endsAt" timestamptz, "notBefore" timestamptz, "notAfter" timestamptz)),
       locked AS (
         SELECT v.id, v."nodeId" FROM "Sliver" v JOIN x ON x."sliverId" = v.id WHERE v."goneAt" IS NULL ORDER BY v.id FOR NO KEY UPDATE OF v
       ), bound AS (
         INSERT INTO "Ticket" (iss, jti, "agentId", "nodeId", "sliceUrn", "sliceId", "sliverId", text,
           "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "startsAt", "endsAt", "notBefore", "notAfter")
         SELECT x.iss, x.jti, a.id, l."nodeId", s.urn, s.id, l.id, x.text,
           s."cpuMilli", s."memoryMiB", s."diskMiB", s."networkKbps", x."startsAt", x."endsAt", x."notBefore", x."notAfter"
         FROM x JOIN locked l ON l.id = x."sliverId" JOIN "Slice" s ON s.id = $1 JOIN "Agent" a ON a.jkt = x.iss
         ON CONFLICT (iss, jti) DO UPDATE SET "sliverId" = excluded."sliverId", "sliceId" = excluded."sliceId"
         RETURNING "sliverId"
       ), steps AS (
         INSERT INTO "DeploymentStep" ("sliceId", "sliverId", step, outcome, "startedAt", "endedAt", worker)
         SELECT $1, "sliverId", 'ticket', 'ok', $3, $4, $5 FROM bound
       )
       UPDATE "Sliver" v SET reported = 'ticketed', "changedAt" = now() FROM locked l WHERE v.id = l.id AND v.reported = 'pending'`,
      [sliceId, JSON.stringify(tickets), startedAt, now, worker],
    );
    await tx.query(ADD_JOBS, [jobRows(tickets.map(({ sliverId }) => ({ task: 'sliver', sliverId })))]);
    for (let i = 0; i < tickets.length; i += 150) {
      const ids = tickets.slice(i, i + 150).map((t) => t.sliverId);
      await tx.query(`SELECT pg_notify('meridian', $1)`, [JSON.stringify({ k: 'sliver', slice: sliceId, ids })]);
    }
  });
}

/** Puts a slice that has no slivers yet into `failed`, with why. */
export async function failSlice(db: Queryable, sliceId: string, reason: Reason): Promise<void> {
  await db.query(
    `WITH s AS (UPDATE "Slice" SET state = 'failed', reason = $2 WHERE id = $1 AND state IN ('approved', 'deploying') RETURNING id)
     SELECT pg_notify('meridian', json_build_object('k', 'slice', 'slice', id)::text) FROM s`,
    [sliceId, JSON.stringify(reason)],
  );
}
