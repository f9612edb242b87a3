import { MAX_REVOCATIONS, type RevocationNotice, type WatchOutput } from '@/protocol/agent/revocations';
import type { Queryable } from './database';

/** A node that asks, and the highest number that it says it has kept. */
export type Asking = { urn: string; heard: number };

/** The highest number that there is. */
export async function lastRevocation(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ top: number }>(`SELECT coalesce(max(number), 0)::float8 AS top FROM "Revocation"`);
  return rows[0]?.top ?? 0;
}

type Row = RevocationNotice & { urn: string };

const NOTICE = `r.number::float8 AS number, r.kind, r.jkt, r.iss, r.jti, r."endLeases", r.reason,
  coalesce(u.name, '') AS by, to_char(r.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
  ceil(extract(epoch FROM r."expiresAt"))::float8 AS "expiresAt"`;
const COUNTS = `r.number > x.from AND (r."expiresAt" IS NULL OR r."expiresAt" > now())`;

/**
 * For each node, what concerns it after the number that it said, in order; one question for all that ask. A node that says more than there is
 * was told by a database of later than this one, which was restored: it gets all. `top`: the highest number that this saw.
 */
export async function revocationsAfter(
  db: Queryable,
  asking: readonly Asking[],
): Promise<{ top: number; answers: Map<string, WatchOutput> }> {
  const top = await lastRevocation(db); // first: what is committed in between is told, and asked for again
  const behind = asking
    .map(({ urn, heard }) => ({ urn, from: heard > top ? 0 : heard }))
    .filter((one) => one.from < top);
  const byNode = new Map<string, RevocationNotice[]>();
  if (behind.length > 0) {
    const { rows } = await db.query<Row>({
      name: 'revocations-after',
      text: `SELECT x.urn, c.* FROM json_to_recordset($1::json) AS x(urn text, "from" bigint) JOIN "Node" n ON n.urn = x.urn
             CROSS JOIN LATERAL (
               SELECT * FROM (
                 (SELECT ${NOTICE} FROM "Revocation" r LEFT JOIN "User" u ON u.id = r."byId" WHERE r."nodeId" = n.id AND ${COUNTS} ORDER BY r.number LIMIT $2)
                 UNION ALL
                 (SELECT ${NOTICE} FROM "Revocation" r LEFT JOIN "User" u ON u.id = r."byId" WHERE r."nodeId" IS NULL AND ${COUNTS} ORDER BY r.number LIMIT $2)
               ) both_kinds ORDER BY number LIMIT $2
             ) c ORDER BY x.urn, c.number`,
      values: [JSON.stringify(behind), MAX_REVOCATIONS],
    });
    for (const { urn, ...notice } of rows) {
      const known = byNode.get(urn);
      if (known) known.push(notice);
      else byNode.set(urn, [notice]);
    }
  }
  const answers = new Map(
    asking.map(({ urn }): [string, WatchOutput] => {
      const revocations = byNode.get(urn) ?? [];
      const last = revocations.at(-1)?.number ?? 0;
      return [urn, { heard: revocations.length < MAX_REVOCATIONS ? Math.max(top, last) : last, revocations }];
    }),
  );
  return { top, answers };
}

/** Writes down how far nodes have heard, and tells who looks. Rows are taken in one order, as heartbeats take them. */
export async function recordHeard(db: Queryable, heard: readonly Asking[]): Promise<void> {
  await db.query({
    name: 'record-heard',
    text: `WITH x AS (SELECT n.id, r.heard FROM json_to_recordset($1::json) AS r(urn text, heard bigint) JOIN "Node" n ON n.urn = r.urn),
           locked AS (SELECT h."nodeId" FROM "Heartbeat" h JOIN x ON x.id = h."nodeId" ORDER BY h."nodeId" FOR NO KEY UPDATE OF h),
           changed AS (
             UPDATE "Heartbeat" h SET "revocationsHeard" = x.heard FROM x JOIN locked ON locked."nodeId" = x.id
             WHERE h."nodeId" = x.id AND h."revocationsHeard" <> x.heard RETURNING h."nodeId"
           )
           SELECT pg_notify('meridian', '{"k":"trust"}') WHERE EXISTS (SELECT FROM changed)`,
    values: [JSON.stringify(heard)],
  });
}

/** SQL: does revocation r keep the node from delegating anew to the agent to which o, a root, was? An operator may give it back. */
export const HOLDS_BACK = `r.kind = 'delegation' AND r."liftedAt" IS NULL AND o."issuerId" IS NULL`;

/** Did an operator take back what the node's key delegated to this agent, and not give it back since? */
export async function delegationHeldBack(
  db: Queryable,
  nodeId: string,
  iss: string,
  agentId: string,
): Promise<boolean> {
  const { rows } = await db.query<{ held: boolean }>(
    `SELECT EXISTS (SELECT FROM "Revocation" r JOIN "Delegation" o ON o.iss = r.iss AND o.jti = r.jti
       WHERE r."nodeId" = $1::uuid AND ${HOLDS_BACK} AND o."agentId" = $3::uuid AND o.iss = $2) AS held`,
    [nodeId, iss, agentId],
  );
  return rows[0]?.held ?? false;
}
