import type { Queryable } from './database';

/** SQL: did the node's key $iss speak for the incarnation before, and leave it? Then whoever speaks for it now was rolled back. */
export const isFormer = (node: string, iss: string, incarnation: string) =>
  `EXISTS (SELECT FROM "Delegation" o WHERE o."nodeId" = ${node} AND o.iss = ${iss} AND o.incarnation = ${incarnation} AND o."revokedAt" IS NOT NULL)`;

/**
 * The node's key speaks for this incarnation from now on: what it delegated before is void, and tickets under that, which it would refuse,
 * hold nothing any more. The node's key row is locked by this, as for issuing. An incarnation that it left does not come back. Idempotent.
 */
export async function noteIncarnation(
  tx: Queryable,
  node: { nodeId: string; jkt: string; incarnation: string },
): Promise<void> {
  const { nodeId, jkt, incarnation } = node;
  const { rows } = await tx.query<{ before: string }>(
    `WITH was AS (SELECT id, incarnation FROM "NodeKey" WHERE jkt = $2 FOR NO KEY UPDATE)
     UPDATE "NodeKey" k SET incarnation = $3 FROM was
     WHERE k.id = was.id AND k.incarnation <> $3 AND NOT ${isFormer('$1::uuid', '$2', '$3')} RETURNING was.incarnation AS before`,
    [nodeId, jkt, incarnation],
  );
  if (!rows[0]) return;
  await tx.query(
    `UPDATE "Delegation" SET "revokedAt" = now() WHERE "nodeId" = $1 AND incarnation <> $2 AND "revokedAt" IS NULL`,
    [nodeId, incarnation],
  );
  const ended = await tx.query(`UPDATE "Ticket" SET state = 'lapsed' WHERE "nodeId" = $1 AND state = 'issued'`, [
    nodeId,
  ]);
  await tx.query(
    `INSERT INTO "AuditEvent" (actor, action, "objectKind", "objectId", "siteId", facts)
     SELECT n.urn, 'node.reincarnated', 'node', n.id::text, n."siteId", $2::jsonb FROM "Node" n WHERE n.id = $1::uuid`,
    [nodeId, JSON.stringify({ before: rows[0].before, incarnation, ticketsEnded: ended.rowCount ?? 0 })],
  );
}
