import type { Tx } from '../db';

export type ExecTarget = {
  urn: string;
  hostname: string;
  address: string | null;
  jkt: string | null;
  reported: string;
  goneAt: Date | null;
};

/**
 * Nodes of the slice that `name` may mean: a URN or an id means one; a hostname or the last part of a URN may mean several;
 * "this machine" means the real node where there is one. Those with a live sliver go before those without.
 */
export async function findExecTargets(db: Tx, sliceId: string, name: string): Promise<ExecTarget[]> {
  const wanted = name.trim();
  const rows = await db.$queryRaw<ExecTarget[]>`
    SELECT DISTINCT ON (n.id) n.urn, n.hostname, n.address, k.jkt, v.reported::text AS reported, v."goneAt"
    FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId"
    LEFT JOIN LATERAL (SELECT jkt FROM "NodeKey" WHERE "nodeId" = n.id AND "revokedAt" IS NULL ORDER BY "enrolledAt" DESC LIMIT 1) k ON true
    WHERE v."sliceId" = ${sliceId}::uuid AND (
      n.urn = ${wanted} OR n.id::text = lower(${wanted}) OR lower(n.hostname) = lower(${wanted}) OR n.urn LIKE '%+node+' || replace(replace(${wanted}, '%', ''), '_', '\\_')
      OR (lower(regexp_replace(${wanted}, '[-_ ]+', ' ', 'g')) = 'this machine' AND NOT n.simulated))
    ORDER BY n.id, v."goneAt" DESC NULLS FIRST`;
  const live = rows.filter((row) => row.goneAt === null);
  return live.length > 0 ? live : rows;
}
