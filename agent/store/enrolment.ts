import type { BootState } from '@/core/node/state';
import type { Queryable } from './database';
import { noteIncarnation } from './incarnation';

export type TokenRow = {
  id: string;
  nodeId: string;
  nodeUrn: string;
  bootState: BootState;
  expired: boolean;
  used: boolean;
};

/** The token of that secret, locked together with its node until the transaction ends: two that use it at once take turns. */
export async function lockToken(tx: Queryable, secretHash: string): Promise<TokenRow | null> {
  const { rows } = await tx.query<TokenRow>(
    `SELECT t.id::text, n.id::text AS "nodeId", n.urn AS "nodeUrn", n."bootState", t."expiresAt" <= now() AS expired,
       t."usedAt" IS NOT NULL AS used
     FROM "EnrolmentToken" t JOIN "Node" n ON n.id = t."nodeId" WHERE t."secretHash" = $1 FOR NO KEY UPDATE`,
    [secretHash],
  );
  return rows[0] ?? null;
}

export async function burnToken(tx: Queryable, id: string): Promise<void> {
  await tx.query(`UPDATE "EnrolmentToken" SET "usedAt" = now() WHERE id = $1`, [id]);
}

export type KeyRow = { nodeId: string; nodeUrn: string; bootState: BootState; revoked: boolean; publicKey: string };

/** Whose key that is or was, if it was ever enrolled; its node is locked until the transaction ends. */
export async function lockKey(tx: Queryable, jkt: string): Promise<KeyRow | null> {
  const { rows } = await tx.query<KeyRow>(
    `SELECT n.id::text AS "nodeId", n.urn AS "nodeUrn", n."bootState", k."revokedAt" IS NOT NULL AS revoked, k."publicKey"
     FROM "NodeKey" k JOIN "Node" n ON n.id = k."nodeId" WHERE k.jkt = $1 FOR NO KEY UPDATE OF n`,
    [jkt],
  );
  return rows[0] ?? null;
}

export type NodeFacts = {
  nodeId: string;
  jkt: string;
  publicKey: string;
  incarnation: string;
  address: string;
  bootState: BootState;
};

/** Enrols a key as the node's only one: the ones before count no more, nor what they delegated. */
export async function enrolKey(tx: Queryable, node: NodeFacts): Promise<void> {
  await tx.query(`UPDATE "NodeKey" SET "revokedAt" = now() WHERE "nodeId" = $1 AND jkt <> $2 AND "revokedAt" IS NULL`, [
    node.nodeId,
    node.jkt,
  ]);
  await tx.query(
    `UPDATE "Delegation" SET "revokedAt" = now() WHERE "nodeId" = $1 AND iss <> $2 AND "revokedAt" IS NULL`,
    [node.nodeId, node.jkt],
  );
  await tx.query(
    `INSERT INTO "NodeKey" (id, "nodeId", jkt, "publicKey", incarnation) VALUES (gen_random_uuid(), $1, $2, $3, $4)
     ON CONFLICT (jkt) DO NOTHING`,
    [node.nodeId, node.jkt, node.publicKey, node.incarnation],
  );
  await refreshNode(tx, node);
  await tx.query(`UPDATE "Node" SET "enrolledAt" = coalesce("enrolledAt", now()) WHERE id = $1`, [node.nodeId]);
}

/** Where the node can be called now, its boot state, and its journal's incarnation: delegations of an earlier one are void. */
export async function refreshNode(tx: Queryable, node: Omit<NodeFacts, 'publicKey'>): Promise<void> {
  await tx.query(`UPDATE "Node" SET address = $2, "bootState" = $3::"BootState" WHERE id = $1`, [
    node.nodeId,
    node.address,
    node.bootState,
  ]);
  await noteIncarnation(tx, node);
}

/** Writes down that a node enrolled, for the audit trail. */
export async function auditEnrolment(
  tx: Queryable,
  node: { nodeId: string; nodeUrn: string; jkt: string; address: string },
): Promise<void> {
  await tx.query(
    `INSERT INTO "AuditEvent" (actor, action, "objectKind", "objectId", "siteId", facts)
     SELECT $1, 'node.enrolled', 'node', n.id::text, n."siteId", $3::jsonb FROM "Node" n WHERE n.id = $2::uuid`,
    [node.nodeUrn, node.nodeId, JSON.stringify({ jkt: node.jkt, address: node.address })],
  );
}
