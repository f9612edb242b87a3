import type { Reason } from '@/core/errors';
import type { NodeSliverState } from '@/protocol/node-manager/schemas';
import type { Queryable } from './database';

/** What a node says of a sliver: the state of a lease since `since` (the node's clock), said at `at`. ISO 8601. */
export type Report = {
  jkt: string;
  leaseJti: string;
  state: NodeSliverState;
  reason: Reason | null;
  since: string;
  at: string;
};
export type ChangedSliver = { id: string; sliceId: string };

const REPORTS = `json_to_recordset($1::json) AS r(jkt text, "leaseJti" text, state text, reason jsonb, since timestamptz, at timestamptz)`;

/** How far a sliver has come: an older word can add to what is known, never take it back. */
const rank = (state: string) =>
  `array_position(ARRAY['pending', 'ticketed', 'unknown', 'scheduled', 'starting', 'running', 'stopped', 'failed', 'gone'], ${state}::text)`;

/**
 * Applies reports to the slivers whose leases they name. A report changes a sliver when it says something else than is
 * known and is not stale: it is no older than the last change, or goes further, or nobody but the deployment has spoken
 * yet. Nothing follows `gone`, nor the failure for which a sliver was given up: it is what people are told of it. Gives the slivers that changed, and which leases nobody here knows (yet).
 */
export async function applyReports(
  tx: Queryable,
  reports: readonly Report[],
): Promise<{ changed: ChangedSliver[]; unknown: Report[] }> {
  if (reports.length === 0) return { changed: [], unknown: [] };
  const json = JSON.stringify(reports);
  // Locked first, in the order that all writers of slivers keep, so that the update judges what is there after the wait.
  const known = await tx.query<{ key: string }>({
    name: 'lock-reported',
    text: `SELECT l.iss || ' ' || l.jti AS key FROM ${REPORTS} JOIN "Lease" l ON l.iss = r.jkt AND l.jti = r."leaseJti"
           JOIN "Sliver" s ON s.id = l."sliverId" ORDER BY s.id FOR NO KEY UPDATE OF s`,
    values: [json],
  });
  const changed = await tx.query<ChangedSliver>({
    name: 'apply-reports',
    text: `UPDATE "Sliver" s SET reported = r.state::"SliverReported", reason = r.reason,
             "lastSeen" = greatest(s."lastSeen", least(r.at, now())), "changedAt" = least(r.since, now()),
             "runningAt" = CASE WHEN r.state = 'running' THEN coalesce(s."runningAt", least(r.since, now())) ELSE s."runningAt" END
           FROM ${REPORTS} JOIN "Lease" l ON l.iss = r.jkt AND l.jti = r."leaseJti"
           WHERE s.id = l."sliverId" AND s."goneAt" IS NULL AND s.reported <> 'gone'
             AND NOT (s.reported = 'failed' AND s.desired = 'gone')
             AND (s.reported::text <> r.state OR s.reason IS DISTINCT FROM r.reason)
             AND (s.reported IN ('pending', 'ticketed', 'unknown') OR r.since >= s."changedAt" OR ${rank('r.state')} > ${rank('s.reported')})
           RETURNING s.id::text, s."sliceId"::text AS "sliceId"`,
    values: [json],
  });
  const keys = new Set(known.rows.map((row) => row.key));
  return { changed: changed.rows, unknown: reports.filter((r) => !keys.has(`${r.jkt} ${r.leaseJti}`)) };
}

/** Leases younger than this may not have been in a list that was on its way. */
const LIST_LAG_SECONDS = 30;

/** All leases that a node holds. `lost`: since when its present records are whole, and what befell those before; null when nothing did. */
export type Listed = {
  nodeId: string;
  urn: string;
  jtis: readonly string[];
  lost: { since: string; why: string } | null;
};

/**
 * A node listed all of its slivers: those that it holds no lease for are gone, because it began anew (those of before at once), or for an end that
 * we did not hear of.
 */
export async function dropUnlisted(tx: Queryable, lists: readonly Listed[]): Promise<ChangedSliver[]> {
  if (lists.length === 0) return [];
  const { rows } = await tx.query<ChangedSliver>(
    `UPDATE "Sliver" s SET reported = 'gone', "changedAt" = now(), "lastSeen" = now(),
       reason = CASE WHEN l."createdAt" < (x.lost->>'since')::timestamptz
         THEN jsonb_build_object('code', 'RECORDS_LOST', 'facts', jsonb_build_object('node', x.urn, 'why', x.lost->>'why'))
         ELSE jsonb_build_object('code', 'NO_LEASE', 'facts', jsonb_build_object('node', x.urn)) END
     FROM json_to_recordset($1::json) AS x("nodeId" uuid, urn text, jtis jsonb, lost jsonb)
     JOIN "Sliver" v ON v."nodeId" = x."nodeId" AND v."goneAt" IS NULL JOIN "Lease" l ON l."sliverId" = v.id
     WHERE s.id = v.id AND s.reported IN ('scheduled', 'starting', 'running', 'stopped', 'unknown')
       AND l."createdAt" < greatest(now() - make_interval(secs => $2), CASE WHEN (x.lost->>'since')::timestamptz < now() THEN (x.lost->>'since')::timestamptz END)
       AND NOT x.jtis ? l.jti
     RETURNING s.id::text, s."sliceId"::text AS "sliceId"`,
    [JSON.stringify(lists), LIST_LAG_SECONDS],
  );
  return rows;
}

/** Slivers of nodes that fell silent: nobody knows how they are. Their leases run on. */
export async function markUnknown(
  tx: Queryable,
  nodes: readonly { nodeId: string; urn: string; at: Date }[],
): Promise<ChangedSliver[]> {
  if (nodes.length === 0) return [];
  const json = JSON.stringify(nodes.map((n) => ({ nodeId: n.nodeId, reason: silentReason(n) })));
  await tx.query(
    `SELECT FROM "Sliver" WHERE "nodeId" = ANY($1::uuid[]) AND "goneAt" IS NULL ORDER BY id FOR NO KEY UPDATE`,
    [nodes.map((n) => n.nodeId)],
  );
  const { rows } = await tx.query<ChangedSliver>(
    `UPDATE "Sliver" s SET reported = 'unknown', reason = x.reason, "changedAt" = now()
     FROM json_to_recordset($1::json) AS x("nodeId" uuid, reason jsonb)
     WHERE s."nodeId" = x."nodeId" AND s."goneAt" IS NULL AND s.reported IN ('scheduled', 'starting', 'running', 'stopped')
     RETURNING s.id::text, s."sliceId"::text AS "sliceId"`,
    [json],
  );
  return rows;
}

function silentReason(node: { urn: string; at: Date }): Reason {
  const facts = { node: node.urn, lastSeen: node.at.toISOString(), cause: 'it has missed three heartbeats' };
  return { code: 'NODE_UNREACHABLE', facts };
}
