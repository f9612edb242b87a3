import type { Tx } from '@/server/db';

export type ActRow = {
  id: string;
  number: bigint;
  at: Date;
  by: string | null;
  byId: string | null;
  reason: string;
  endLeases: boolean;
  facts: unknown;
  expiresAt: Date | null;
  forGood: boolean;
  liftedAt: Date | null;
  of: number;
  heardBy: number;
  away: string[];
};

/**
 * The newest acts, each with the nodes whom it concerns and which of these said that they heard all of it. Whom it concerns: the nodes that its
 * rows name, or every node that is enrolled.
 */
export function findActs(tx: Tx, limit: number): Promise<ActRow[]> {
  return tx.$queryRaw<ActRow[]>`
    WITH acts AS (
      SELECT "actId", max(number) AS number, min(at) AS at, min("byId") AS "byId", min(reason) AS reason, bool_or("endLeases") AS "endLeases",
        max("expiresAt") AS "expiresAt", bool_or("expiresAt" IS NULL) AS for_good, max("liftedAt") AS "liftedAt",
        bool_or("nodeId" IS NULL) AS everywhere, min(at) AS began
      FROM "Revocation" GROUP BY "actId" ORDER BY max(number) DESC LIMIT ${limit}
    )
    SELECT a."actId"::text AS id, a.number, a.at, u.name AS by, a."byId", a.reason, a."endLeases", f.facts, a."expiresAt",
      a.for_good AS "forGood", a."liftedAt", x.of, x."heardBy", x.away
    FROM acts a LEFT JOIN "User" u ON u.id = a."byId"
    CROSS JOIN LATERAL (SELECT facts FROM "Revocation" r WHERE r."actId" = a."actId" AND facts <> '{}' LIMIT 1) f
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS of, count(*) FILTER (WHERE heard)::int AS "heardBy",
        coalesce((array_agg(hostname ORDER BY hostname) FILTER (WHERE NOT heard))[1:20], '{}') AS away
      FROM (
        SELECT n.hostname, coalesce(h."revocationsHeard", 0) >= coalesce(c.number, a.number) AS heard
        FROM "Node" n LEFT JOIN "Heartbeat" h ON h."nodeId" = n.id
        LEFT JOIN LATERAL (SELECT max(r.number) AS number FROM "Revocation" r WHERE r."actId" = a."actId" AND r."nodeId" = n.id) c ON true
        WHERE c.number IS NOT NULL OR (a.everywhere AND EXISTS (
          SELECT FROM "NodeKey" k WHERE k."nodeId" = n.id AND k."revokedAt" IS NULL AND k."enrolledAt" < a.began))
      ) nodes
    ) x
    ORDER BY a.number DESC`;
}
