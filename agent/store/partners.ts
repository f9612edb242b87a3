import type { Reason } from '@/core/errors';
import type { Queryable } from './database';

export type PartnerState = 'invited' | 'joining' | 'refused' | 'active' | 'ended';

export type InvitedPartner = {
  id: string;
  authority: string;
  state: PartnerState;
  expired: boolean;
  used: boolean;
  managerJkt: string | null;
  agentJkt: string | null;
};

/** The partner whom that secret invites, locked until the transaction ends: two who use it at once take turns. */
export async function lockInvited(tx: Queryable, secretHash: string): Promise<InvitedPartner | null> {
  const { rows } = await tx.query<InvitedPartner>(
    `SELECT p.id::text, p.authority, p.state, p."inviteUntil" <= now() AS expired, p."inviteUsedAt" IS NOT NULL AS used, p."managerJkt",
       (SELECT a.jkt FROM "Agent" a WHERE a."partnerId" = p.id AND a."revokedAt" IS NULL LIMIT 1) AS "agentJkt"
     FROM "Partner" p WHERE p."inviteHash" = $1 FOR NO KEY UPDATE OF p`,
    [secretHash],
  );
  return rows[0] ?? null;
}

/** Whose key that is already: of one of our nodes, agents or people, or of another partner. Null: nobody's. */
export async function holderOfKey(tx: Queryable, jkt: string, partnerId: string): Promise<string | null> {
  const { rows } = await tx.query<{ holder: string }>(
    `SELECT 'a node' AS holder FROM "NodeKey" WHERE jkt = $1
     UNION ALL SELECT 'an agent' FROM "Agent" WHERE jkt = $1 AND "partnerId" IS DISTINCT FROM $2::uuid
     UNION ALL SELECT 'a person' FROM "PrincipalKey" WHERE jkt = $1
     UNION ALL SELECT 'another partner' FROM "Partner" WHERE "managerJkt" = $1 AND id <> $2::uuid LIMIT 1`,
    [jkt, partnerId],
  );
  return rows[0]?.holder ?? null;
}

export type PartnerAgent = { partnerId: string; urn: string; jkt: string; publicKey: string; address: string };

/**
 * Keeps a partner's agent, with the key it has now, and gives its row's id. A name that another's agent has is left alone: null.
 * Of this partner's, what was delegated to a key that it had before is void.
 */
export async function keepPartnerAgent(tx: Queryable, agent: PartnerAgent): Promise<string | null> {
  await tx.query(
    `UPDATE "Delegation" d SET "revokedAt" = now() FROM "Agent" a
     WHERE a.id = d."agentId" AND a."partnerId" = $1 AND a.urn = $3 AND d."granteeJkt" <> $2 AND d."revokedAt" IS NULL`,
    [agent.partnerId, agent.jkt, agent.urn],
  );
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO "Agent" AS a (id, urn, jkt, "publicKey", address, "partnerId") VALUES (gen_random_uuid(), $1, $2, $3, $4, $5)
     ON CONFLICT (urn) DO UPDATE SET jkt = $2, "publicKey" = $3, address = $4, "revokedAt" = NULL WHERE a."partnerId" = $5::uuid
     RETURNING id::text`,
    [agent.urn, agent.jkt, agent.publicKey, agent.address, agent.partnerId],
  );
  return rows[0]?.id ?? null;
}

/** A guest has joined: from now on it may be given nodes. */
export async function markJoined(
  tx: Queryable,
  partner: { id: string; agentAddress: string; managerJkt: string },
): Promise<void> {
  await tx.query(
    `UPDATE "Partner" SET state = 'active', takes = true, "agentAddress" = $2, "managerJkt" = $3, "inviteUsedAt" = coalesce("inviteUsedAt", now()),
       "joinedAt" = now(), "endedAt" = NULL, problem = NULL WHERE id = $1`,
    [partner.id, partner.agentAddress, partner.managerJkt],
  );
}

/** Whether that key counts as the partner's agent or service manager now. */
export async function isPartnerKey(
  db: Queryable,
  of: { authority: string; part: 'am' | 'sm'; jkt: string },
): Promise<boolean> {
  const { rows } = await db.query(
    `SELECT FROM "Partner" p WHERE p.authority = $1 AND p.state = 'active' AND p.takes AND ($2 = 'sm' AND p."managerJkt" = $3
       OR $2 = 'am' AND EXISTS (SELECT FROM "Agent" a WHERE a."partnerId" = p.id AND a.jkt = $3 AND a."revokedAt" IS NULL))
     FOR SHARE OF p`,
    [of.authority, of.part, of.jkt],
  );
  return rows.length > 0;
}

/** Hosts that we are about to join, with the sealed token of each. */
export async function joiningHosts(db: Queryable): Promise<{ id: string; authority: string; sealed: Buffer }[]> {
  const { rows } = await db.query<{ id: string; authority: string; sealed: Buffer }>(
    `SELECT p.id::text, p.authority, s.sealed FROM "Partner" p JOIN "SealedSecret" s ON s.name = 'partner:' || p.id WHERE p.state <> 'ended'`,
  );
  return rows;
}

/** We have joined a host: its token is of no use any more. False when the operator gave it up meanwhile. */
export async function markHost(
  tx: Queryable,
  host: { id: string; agentAddress: string; caPem: string },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE "Partner" SET state = 'active', gives = true, "agentAddress" = $2, "caPem" = $3, "joinedAt" = now(), "endedAt" = NULL, problem = NULL
     WHERE id = $1 AND state <> 'ended'`,
    [host.id, host.agentAddress, host.caPem],
  );
  await tx.query(`DELETE FROM "SealedSecret" WHERE name = 'partner:' || $1`, [host.id]);
  return rowCount === 1;
}

/** Why the last try did not work; `refused`: for good, the token is thrown away. */
export async function noteProblem(
  db: Queryable,
  id: string,
  reason: Reason | null,
  refused: boolean = false,
): Promise<void> {
  await db.query(
    `UPDATE "Partner" SET problem = $2, state = CASE WHEN $3 AND state = 'joining' THEN 'refused' ELSE state END
     WHERE id = $1 AND (problem IS DISTINCT FROM $2::jsonb OR $3)`,
    [id, reason && JSON.stringify(reason), refused],
  );
  if (refused) await db.query(`DELETE FROM "SealedSecret" WHERE name = 'partner:' || $1`, [id]);
}

/** A line of the audit trail about a partner. */
export async function auditPartner(
  tx: Queryable,
  of: { actor: string; action: string; authority: string; facts: Record<string, unknown> },
): Promise<void> {
  await tx.query(
    `INSERT INTO "AuditEvent" (actor, action, "objectKind", "objectId", facts) VALUES ($1, $2, 'partner', $3, $4::jsonb)`,
    [of.actor, of.action, of.authority, JSON.stringify(of.facts)],
  );
}
