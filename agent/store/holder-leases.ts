import type { Reason } from '@/core/errors';
import type { NodeSliverState } from '@/protocol/node-manager/schemas';
import type { Queryable } from './database';

/** What a node says of a lease that another than the deployment's service manager holds. `start`, `end`: epoch seconds, [start, end). */
export type HolderReport = {
  urn: string;
  jkt: string;
  jti: string;
  slice: string;
  state: NodeSliverState;
  reason: Reason | null;
  since: string;
  holder: string;
  ticketIss: string;
  ticketJti: string;
  start: number;
  end: number;
  graceSeconds: number;
};

/** All leases that a node holds, whoever's. */
export type HolderList = { urn: string; jkt: string; jtis: readonly string[] };

/**
 * Keeps what nodes say of leases that are not the deployment's own: the agent's books count them, and pages show them. A ticket that
 * became one is redeemed, also when the word of that came after its window. Gives the ids of the deployment's slices that changed.
 */
export async function keepHolderLeases(
  tx: Queryable,
  reports: readonly HolderReport[],
  lists: readonly HolderList[],
): Promise<string[]> {
  const changed = new Set<string>();
  const kept = await keep(tx, reports);
  for (const urn of [...kept, ...(await drop(tx, lists))]) changed.add(urn);
  if (changed.size === 0) return [];
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id::text FROM "Slice" WHERE urn = ANY($1::text[]) AND state NOT IN ('rejected', 'withdrawn', 'deleted')`,
    [[...changed]],
  );
  return rows.map((row) => row.id);
}

async function keep(tx: Queryable, reports: readonly HolderReport[]): Promise<string[]> {
  if (reports.length === 0) return [];
  const rows = [...new Map(reports.map((one) => [`${one.jkt} ${one.jti}`, one])).values()];
  const { rows: changed } = await tx.query<{ slice: string }>(
    `WITH said AS (
       SELECT r.*, n.id AS node_id FROM json_to_recordset($1::json) AS r(urn text, jkt text, jti text, slice text, state text, reason jsonb,
         since timestamptz, holder text, "ticketIss" text, "ticketJti" text, start float8, "end" float8, "graceSeconds" int)
       JOIN "Node" n ON n.urn = r.urn
     )
     INSERT INTO "HolderLease" AS o (iss, jti, "nodeId", "sliceUrn", holder, "ticketIss", "ticketJti", state, reason, since, "startsAt",
       "endsAt", "graceSeconds", "endedAt")
     SELECT jkt, jti, node_id, slice, holder, "ticketIss", "ticketJti", state, reason, least(since, now()), to_timestamp(start),
       to_timestamp("end"), "graceSeconds", CASE WHEN state = 'gone' THEN now() END
     FROM said ORDER BY jkt, jti
     ON CONFLICT (iss, jti) DO UPDATE SET "ticketIss" = excluded."ticketIss", "ticketJti" = excluded."ticketJti", state = excluded.state,
       reason = excluded.reason, since = excluded.since, "endsAt" = excluded."endsAt", "graceSeconds" = excluded."graceSeconds",
       "seenAt" = now(), "endedAt" = coalesce(o."endedAt", excluded."endedAt")
     RETURNING "sliceUrn" AS slice`,
    [JSON.stringify(rows)],
  );
  await tx.query(
    `UPDATE "Ticket" t SET state = 'redeemed' FROM json_to_recordset($1::json) AS r("ticketIss" text, "ticketJti" text, state text)
     WHERE t.iss = r."ticketIss" AND t.jti = r."ticketJti" AND t.state IN ('issued', 'lapsed') AND r.state <> 'gone'`,
    [JSON.stringify(rows)],
  );
  // A ticket that was renewed holds nothing any more: the lease stands on the new one.
  await tx.query(
    `UPDATE "Ticket" p SET state = 'burnt' FROM json_to_recordset($1::json) AS r("ticketIss" text, "ticketJti" text)
     JOIN "Ticket" t ON t.iss = r."ticketIss" AND t.jti = r."ticketJti" AND t.replaces IS NOT NULL
     WHERE p.iss = t.iss AND p.jti = t.replaces AND p."nodeId" = t."nodeId" AND p.state IN ('issued', 'redeemed', 'lapsed')`,
    [JSON.stringify(rows)],
  );
  return changed.map((row) => row.slice);
}

/** Leases that a node's whole list does not hold are over. */
async function drop(tx: Queryable, lists: readonly HolderList[]): Promise<string[]> {
  if (lists.length === 0) return [];
  const { rows } = await tx.query<{ slice: string }>(
    `UPDATE "HolderLease" o SET "endedAt" = now(), state = 'gone', "seenAt" = now()
     FROM json_to_recordset($1::json) AS x(urn text, jkt text, jtis jsonb) JOIN "Node" n ON n.urn = x.urn
     WHERE o."nodeId" = n.id AND o."endedAt" IS NULL AND NOT (o.iss = x.jkt AND x.jtis ? o.jti)
     RETURNING o."sliceUrn" AS slice`,
    [JSON.stringify(lists)],
  );
  return rows.map((row) => row.slice);
}
