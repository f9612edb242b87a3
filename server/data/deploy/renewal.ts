import type pg from 'pg';
import type { Reason } from '@/core/errors';
import { ADD_JOBS_KEEPING_TIME, jobRows } from '../jobs';
import { type Queryable, transaction } from '../pool';
import type { LeaseRecord } from './saga-write';

/** An approved renewal that is not through, with its slice. */
export type Renewal = {
  requestId: string;
  sliceId: string;
  name: string;
  urn: string;
  state: string;
  spec: unknown;
  minimum: number;
  graceSeconds: number;
  /** The slice's end as it is now, and as it shall be. */
  endsAt: Date;
  target: Date;
  /** `target` in whole seconds, as leases have it. */
  leaseEnd: Date;
  decidedAt: Date;
  ownerUrn: string;
};

export async function loadRenewal(db: Queryable, requestId: string): Promise<Renewal | null> {
  const { rows } = await db.query<Renewal>(
    `SELECT r.id::text AS "requestId", s.id::text AS "sliceId", s.name, s.urn, s.state::text, s.spec, s."minimumCount" AS minimum,
       s."graceSeconds", s."endsAt", r."endsAt" AS target, date_trunc('second', r."endsAt") AS "leaseEnd", d.at AS "decidedAt", u.urn AS "ownerUrn"
     FROM "Request" r JOIN "Slice" s ON s.id = r."sliceId" JOIN "User" u ON u.id = s."ownerId" JOIN "Decision" d ON d."requestId" = r.id
     WHERE r.id = $1 AND r.kind = 'renew' AND r.state = 'approved' AND r."settledAt" IS NULL AND r."endsAt" IS NOT NULL`,
    [requestId],
  );
  return rows[0] ?? null;
}

/** Approved renewals that are not through: their job may have been lost. */
export async function openRenewals(db: Queryable): Promise<{ sliceId: string; requestId: string }[]> {
  const { rows } = await db.query<{ sliceId: string; requestId: string }>(
    `SELECT "sliceId"::text, id::text AS "requestId" FROM "Request"
     WHERE state = 'approved' AND kind = 'renew' AND "settledAt" IS NULL AND "endsAt" IS NOT NULL`,
  );
  return rows;
}

/** A ticket that was issued to replace the one that a sliver has. */
export type Successor = { iss: string; jti: string; text: string; usable: boolean };

export type RenewalSliver = {
  id: string;
  nodeUrn: string;
  hostname: string;
  address: string | null;
  jkt: string | null;
  publicKey: string | null;
  reported: string;
  reason: Reason | null;
  ticketIss: string | null;
  ticketJti: string | null;
  /** Null while it has none yet. */
  leaseJti: string | null;
  leaseStartsAt: Date | null;
  leaseEndsAt: Date | null;
  /** Newest first; `usable`: its redeem window is open for a while yet. */
  successors: Successor[];
};

/** The slivers that a renewal is for: those that are wanted and have not failed. `leaseEnd`: the new end. */
export async function loadRenewalSlivers(db: Queryable, sliceId: string, leaseEnd: Date): Promise<RenewalSliver[]> {
  const { rows } = await db.query<RenewalSliver>(
    `SELECT v.id::text, n.urn AS "nodeUrn", n.hostname, n.address, k.jkt, k."publicKey", v.reported::text, v.reason,
       t.iss AS "ticketIss", t.jti AS "ticketJti", l.jti AS "leaseJti", l."startsAt" AS "leaseStartsAt", l."endsAt" AS "leaseEndsAt",
       coalesce((SELECT json_agg(json_build_object('iss', r.iss, 'jti', r.jti, 'text', r.text,
           'usable', r.state = 'issued' AND r."notAfter" > now() + interval '30 s') ORDER BY r."createdAt" DESC)
         FROM "Ticket" r WHERE r.replaces = t.jti AND r."nodeId" = t."nodeId" AND r."sliceUrn" = t."sliceUrn" AND r."endsAt" = $2 AND r.state IN ('issued', 'lapsed')), '[]') AS successors
     FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId"
     LEFT JOIN LATERAL (SELECT jkt, "publicKey" FROM "NodeKey"
       WHERE "nodeId" = n.id AND "revokedAt" IS NULL ORDER BY "enrolledAt" DESC LIMIT 1) k ON true
     LEFT JOIN "Ticket" t ON t."sliverId" = v.id
     LEFT JOIN "Lease" l ON l."sliverId" = v.id AND l."endedAt" IS NULL
     WHERE v."sliceId" = $1 AND v."goneAt" IS NULL AND v.desired <> 'gone' AND v.reported NOT IN ('failed', 'gone')
     ORDER BY v.id`,
    [sliceId, leaseEnd],
  );
  return rows;
}

export type NewSuccessor = {
  sliverId: string;
  iss: string;
  jti: string;
  text: string;
  replaces: string;
  startsAt: Date;
  endsAt: Date;
  notBefore: Date;
  notAfter: Date;
};

/**
 * Keeps renewal tickets before they are used, so that whoever takes over uses the same ones. The agent's rows where it shares the
 * database, else new ones. They are bound to their sliver once their node has taken them. Idempotent.
 */
export async function keepSuccessors(db: Queryable, sliceId: string, tickets: readonly NewSuccessor[]): Promise<void> {
  if (tickets.length === 0) return;
  await db.query(
    `INSERT INTO "Ticket" (iss, jti, "agentId", "nodeId", "sliceUrn", "sliceId", text, replaces,
       "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "startsAt", "endsAt", "notBefore", "notAfter")
     SELECT x.iss, x.jti, a.id, v."nodeId", s.urn, s.id, x.text, x.replaces,
       s."cpuMilli", s."memoryMiB", s."diskMiB", s."networkKbps", x."startsAt", x."endsAt", x."notBefore", x."notAfter"
     FROM json_to_recordset($2::json) AS x("sliverId" uuid, iss text, jti text, text text, replaces text,
       "startsAt" timestamptz, "endsAt" timestamptz, "notBefore" timestamptz, "notAfter" timestamptz)
     JOIN "Sliver" v ON v.id = x."sliverId" JOIN "Slice" s ON s.id = $1 JOIN "Agent" a ON a.jkt = x.iss
     ON CONFLICT (iss, jti) DO UPDATE SET "sliceId" = excluded."sliceId"`,
    [sliceId, JSON.stringify(tickets)],
  );
}

/** A sliver whose node has renewed its lease. `from`, `to`: the tickets' ids, of the issuers `fromIss` and `iss`. */
export type RenewedSliver = {
  sliceId: string;
  sliverId: string;
  fromIss: string;
  from: string;
  iss: string;
  to: string;
  lease: LeaseRecord;
  reported: string;
  reason: Reason | null;
  attempt: number;
  startedAt: Date;
  endedAt: Date;
};

const ROWS = `json_to_recordset($1::json) AS x("sliceId" uuid, "sliverId" uuid, "fromIss" text, iss text, "from" text, "to" text,
  lease jsonb, reported text, reason jsonb, attempt int, "startedAt" timestamptz, "endedAt" timestamptz)`;
const LIVE = `FROM ${ROWS} JOIN "Sliver" v ON v.id = x."sliverId" AND v."goneAt" IS NULL`;

/**
 * Writes what nodes have renewed, all at once: the lease's text and end, the new ticket in the old one's place, the step, the node's
 * word. Idempotent, but for the step. Slivers that are gone meanwhile stay as they are.
 */
export function writeRenewed(pool: pg.Pool, worker: string, renewed: readonly RenewedSliver[]): Promise<void> {
  const values = [JSON.stringify(renewed)];
  return transaction(pool, async (tx) => {
    await tx.query(`SELECT 1 ${LIVE} ORDER BY v.id FOR NO KEY UPDATE OF v`, values);
    await tx.query(
      `UPDATE "Ticket" t SET "sliverId" = NULL, state = 'lapsed' ${LIVE} WHERE t.iss = x."fromIss" AND t.jti = x."from" AND t."sliverId" = v.id`,
      values,
    );
    await tx.query(
      `UPDATE "Ticket" t SET "sliverId" = v.id, "sliceId" = x."sliceId", state = 'redeemed' ${LIVE} WHERE t.iss = x.iss AND t.jti = x."to"`,
      values,
    );
    await tx.query(
      `UPDATE "Lease" l SET text = x.lease->>'text', "endsAt" = (x.lease->>'endsAt')::timestamptz, "graceSeconds" = (x.lease->>'graceSeconds')::int
       ${LIVE} WHERE l."sliverId" = v.id AND l.jti = x.lease->>'jti' AND l."endsAt" <= (x.lease->>'endsAt')::timestamptz`,
      values,
    );
    await tx.query(
      `UPDATE "Sliver" s SET reported = CASE WHEN x."endedAt" < s."lastSeen" THEN s.reported ELSE x.reported::"SliverReported" END,
         reason = x.reason, "lastSeen" = greatest(s."lastSeen", x."endedAt"), "changedAt" = now() ${LIVE} WHERE s.id = v.id`,
      values,
    );
    await tx.query(
      `INSERT INTO "DeploymentStep" ("sliceId", "sliverId", step, outcome, attempt, "startedAt", "endedAt", worker)
       SELECT x."sliceId", v.id, 'renew', 'ok', x.attempt, x."startedAt", x."endedAt", $2 ${LIVE}`,
      [...values, worker],
    );
    for (const sliceId of new Set(renewed.map((r) => r.sliceId))) {
      const ids = renewed.filter((r) => r.sliceId === sliceId).map((r) => r.sliverId);
      for (let i = 0; i < ids.length; i += 150)
        await notify(tx, { k: 'sliver', slice: sliceId, ids: ids.slice(i, i + 150) });
    }
  });
}

/**
 * Moves the slice's end, forgets the warnings of the old one, and brings a suspended slice back: its slivers are wanted again, and
 * those that are renewed are followed until they run. Tells the members, once. False when it had moved already, or the slice is
 * going.
 */
export function moveEnd(pool: pg.Pool, renewal: Renewal, counts: { renewed: number; all: number }, now: Date) {
  const { sliceId, target } = renewal;
  return transaction(pool, async (tx) => {
    const { rows } = await tx.query<{ was: string; siteId: string }>(
      `UPDATE "Slice" s SET "endsAt" = $2, "warnedAt" = NULL,
         state = CASE s.state WHEN 'suspended' THEN 'deploying'::"SliceState" ELSE s.state END,
         reason = CASE s.state WHEN 'suspended' THEN NULL ELSE s.reason END
       FROM (SELECT id, state::text AS was FROM "Slice" WHERE id = $1 FOR UPDATE) o
       WHERE s.id = o.id AND s.state IN ('deploying', 'active', 'degraded', 'suspended') AND s."endsAt" < $2
       RETURNING o.was, s."siteId"::text AS "siteId"`,
      [sliceId, target],
    );
    const moved = rows[0];
    if (!moved) return false;
    if (moved.was === 'suspended') {
      await tx.query(
        `UPDATE "Sliver" SET desired = 'running', "changedAt" = now() WHERE "sliceId" = $1 AND "goneAt" IS NULL AND desired = 'stopped'`,
        [sliceId],
      );
      const follow = await tx.query<{ id: string }>(
        `SELECT v.id::text FROM "Sliver" v JOIN "Lease" l ON l."sliverId" = v.id AND l."endsAt" > $2
         WHERE v."sliceId" = $1 AND v."goneAt" IS NULL AND v.desired = 'running' AND v.reported <> 'running'`,
        [sliceId, now],
      );
      const jobs = follow.rows.map(({ id }) => ({ task: 'sliver' as const, sliverId: id }));
      if (jobs.length > 0) await tx.query(ADD_JOBS_KEEPING_TIME, [jobRows(jobs)]);
    }
    const facts = { slice: renewal.name, endsAt: target.toISOString(), ...counts };
    await record(tx, renewal, 'slice.renewed', 'slice-renewed', facts, now);
    return true;
  });
}

/** Ends a renewal. With `failure` it came to nothing, which the members are told. Idempotent. */
export function settleRenewal(pool: pg.Pool, renewal: Renewal, now: Date, failure?: Reason): Promise<void> {
  return transaction(pool, async (tx) => {
    const { rowCount } = await tx.query(`UPDATE "Request" SET "settledAt" = $2 WHERE id = $1 AND "settledAt" IS NULL`, [
      renewal.requestId,
      now,
    ]);
    if (!failure || rowCount === 0) return;
    const facts = { slice: renewal.name, endsAt: renewal.endsAt.toISOString(), reason: failure };
    await record(tx, renewal, 'slice.not-renewed', 'slice-not-renewed', facts, now);
  });
}

async function record(tx: Queryable, renewal: Renewal, action: string, kind: string, facts: object, now: Date) {
  const { sliceId, name } = renewal;
  await tx.query(
    `INSERT INTO "AuditEvent" (at, actor, action, "objectKind", "objectId", "siteId", facts)
     SELECT $2, 'service manager', $3, 'slice', name, "siteId", $4 FROM "Slice" WHERE id = $1`,
    [sliceId, now, action, JSON.stringify(facts)],
  );
  await tx.query(
    `WITH told AS (
       INSERT INTO "Notification" (id, "userId", kind, facts, href, "createdAt")
       SELECT gen_random_uuid(), "userId", $2, $3, $4, $5 FROM "SliceMember" WHERE "sliceId" = $1 RETURNING "userId"
     ) SELECT pg_notify('meridian', json_build_object('k', 'user', 'id', "userId")::text) FROM told`,
    [sliceId, kind, JSON.stringify(facts), `/slices/${name}`, now],
  );
  await notify(tx, { k: 'slice', slice: sliceId });
}

async function notify(tx: Queryable, notice: object): Promise<void> {
  await tx.query(`SELECT pg_notify('meridian', $1)`, [JSON.stringify(notice)]);
}
