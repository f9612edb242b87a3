import type { Queryable } from './database';

/** How far the change of an agent's key has come. */
export type Rotation = {
  jkt: string;
  asked: boolean;
  nextJkt: string | null;
  /** Since when the next key is announced, in seconds. */
  seconds: number;
  /** Nodes that are heard of and delegate to the present key, and not to the next one yet. */
  behind: number;
};

export async function readRotation(db: Queryable, agentId: string): Promise<Rotation | null> {
  const { rows } = await db.query<Rotation>(
    `SELECT a.jkt, a."rotateAskedAt" IS NOT NULL AS asked, a."nextJkt", extract(epoch FROM now() - a."nextSince")::float8 AS seconds,
       (SELECT count(DISTINCT d."nodeId")::int FROM "Delegation" d JOIN "Heartbeat" h ON h."nodeId" = d."nodeId" AND h.reachability = 'online'
          JOIN "NodeKey" k ON k."nodeId" = d."nodeId" AND k."revokedAt" IS NULL AND k.jkt = d.iss AND k.incarnation = d.incarnation
        WHERE d."agentId" = a.id AND d."granteeJkt" = a.jkt AND d."revokedAt" IS NULL AND d."notAfter" > now() AND d."issuerId" IS NULL
          AND NOT EXISTS (SELECT FROM "Delegation" n WHERE n."nodeId" = d."nodeId" AND n."agentId" = a.id AND n."granteeJkt" = a."nextJkt"
            AND n.incarnation = d.incarnation AND n."revokedAt" IS NULL)) AS behind
     FROM "Agent" a WHERE a.id = $1`,
    [agentId],
  );
  return rows[0] ?? null;
}

/** From now on nodes are asked to delegate to the next key too. */
export async function announceNext(db: Queryable, agentId: string, next: { jkt: string; x: string }): Promise<void> {
  await db.query(
    `UPDATE "Agent" SET "nextJkt" = $2, "nextPublicKey" = $3, "nextSince" = coalesce("nextSince", now()) WHERE id = $1`,
    [agentId, next.jkt, next.x],
  );
}

/** The next key takes the present one's place, which is kept among the former ones; false when it already had. */
export async function takeNext(tx: Queryable, agentId: string, nextJkt: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE "Agent" SET "formerJkts" = array_append("formerJkts", jkt), jkt = "nextJkt", "publicKey" = "nextPublicKey",
       "nextJkt" = NULL, "nextPublicKey" = NULL, "nextSince" = NULL, "rotateAskedAt" = NULL
     WHERE id = $1 AND "nextJkt" = $2`,
    [agentId, nextJkt],
  );
  if (!rowCount) return false;
  await tx.query(
    `INSERT INTO "AuditEvent" (actor, action, "objectKind", "objectId", facts)
     SELECT urn, 'agent.keyRotated', 'agent', urn, json_build_object('jkt', jkt, 'former', "formerJkts"[array_upper("formerJkts", 1)]) FROM "Agent" WHERE id = $1`,
    [agentId],
  );
  await tx.query(`SELECT pg_notify('meridian', '{"k":"trust"}')`);
  return true;
}

/** Which key the database says is an agent's; null for one that it does not know. */
export async function presentKey(db: Queryable, urn: string): Promise<string | null> {
  const { rows } = await db.query<{ jkt: string }>(`SELECT jkt FROM "Agent" WHERE urn = $1`, [urn]);
  return rows[0]?.jkt ?? null;
}
