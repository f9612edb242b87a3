import type { Queryable } from './database';

/** A node of a partner on which slivers of ours stand, or should be gone from. */
export type Watched = { nodeId: string; urn: string; address: string; jkt: string; leases: string[] };

/** Nodes of the partner that hold leases of ours, with these leases. */
export async function watchedNodes(db: Queryable, partnerId: string): Promise<Watched[]> {
  const { rows } = await db.query<Watched>({
    name: 'watched-nodes',
    text: `SELECT n.id::text AS "nodeId", n.urn, n.address, k.jkt, array_agg(l.jti) AS leases
           FROM "Sliver" v JOIN "Lease" l ON l."sliverId" = v.id AND l."endedAt" IS NULL JOIN "Node" n ON n.id = v."nodeId"
           JOIN "NodeKey" k ON k."nodeId" = n.id AND k.jkt = l.iss
           WHERE n."partnerId" = $1 AND v."goneAt" IS NULL AND n.address IS NOT NULL GROUP BY 1, 2, 3, 4`,
    values: [partnerId],
  });
  return rows;
}

/** The node itself answered: its slivers are as it says, also while the partner's agent is away. */
export async function heardOf(db: Queryable, nodeIds: readonly string[]): Promise<void> {
  if (nodeIds.length === 0) return;
  await db.query(
    `UPDATE "Heartbeat" SET at = now(), since = CASE WHEN reachability = 'online' THEN since ELSE now() END, reachability = 'online'
     WHERE "nodeId" = ANY($1::uuid[])`,
    [nodeIds],
  );
}
