import type { HardAmounts } from '@/core/resources/vector';
import { Bounded } from '@/protocol/statement/bounded';
import { thumbprint } from '@/protocol/statement/keys';
import type { DelegationClaims } from '@/protocol/statement/schemas';
import type { Queryable } from './database';
import { noteIncarnation } from './incarnation';

/** The node's enrolled key, locked (as for issuing) until the transaction ends; null when that key does not count for it. */
export async function lockEnrolledKey(
  tx: Queryable,
  urn: string,
  jkt: string,
): Promise<{ nodeId: string; x: string; incarnation: string } | null> {
  const { rows } = await tx.query<{ nodeId: string; x: string; incarnation: string }>(
    `SELECT n.id::text AS "nodeId", k."publicKey" AS x, k.incarnation FROM "NodeKey" k JOIN "Node" n ON n.id = k."nodeId"
     WHERE n.urn = $1 AND k.jkt = $2 AND k."revokedAt" IS NULL FOR NO KEY UPDATE OF k`,
    [urn, jkt],
  );
  return rows[0] ?? null;
}

/** A verified delegation as a row: who has it, and for one that was passed on, who gave it and the row that it narrows. */
export type NewDelegation = {
  agentId: string;
  nodeId: string;
  claims: DelegationClaims;
  text: string;
  passedOn?: { issuerId: string; parentId: string };
};

/**
 * Keeps a verified delegation and gives its row's id; the same one again changes nothing. By a root the node's key speaks for its
 * incarnation: those of others are void from now on.
 */
export async function storeDelegation(tx: Queryable, delegation: NewDelegation): Promise<string> {
  const { agentId, nodeId, claims, text, passedOn } = delegation;
  const { iss, jti, incarnation, rights, degreeMilli, nbf, exp } = claims;
  const granteeJkt = thumbprint(claims.grantee);
  if (!passedOn) await noteIncarnation(tx, { nodeId, jkt: iss, incarnation });
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO "Delegation" (id, iss, jti, "nodeId", "agentId", text, incarnation, "cpuMilli", "memoryMiB", "diskMiB", "networkKbps",
       "degreeMilli", "notBefore", "notAfter", "granteeJkt", line, "issuerId", "parentId")
     VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, to_timestamp($12), to_timestamp($13), $14, $15, $16, $17)
     ON CONFLICT (iss, jti) DO UPDATE SET jti = excluded.jti RETURNING id::text`,
    [
      iss,
      jti,
      nodeId,
      agentId,
      text,
      incarnation,
      rights.cpuMilli,
      rights.memoryMiB,
      rights.diskMiB,
      rights.networkKbps,
      degreeMilli,
      nbf,
      exp,
      granteeJkt,
      claims.line ?? granteeJkt,
      passedOn?.issuerId ?? null,
      passedOn?.parentId ?? null,
    ],
  );
  if (!rows[0]) throw new Error('a delegation was not stored');
  return rows[0].id;
}

/** A delegation in force, as tickets are issued from it. Times: epoch seconds. */
export type Held = {
  id: string;
  nodeId: string;
  rights: HardAmounts;
  degreeMilli: number;
  nbf: number;
  exp: number;
  incarnation: string;
  granteeJkt: string;
  line: string;
  /** The texts of its chain, root first, its own last. The list of a delegation is one and the same object while it is kept here. */
  chain: readonly string[];
};

/** Delegations by id: what they say never changes, only whether they count. */
const known = new Bounded<string, Held>(16_384);

/**
 * SQL: is the chain above the delegation d in force, up to its node's key k: no ancestor revoked or over, the root signed by that key?
 * A root is asked only for the latter.
 */
const ROOTED = `CASE WHEN d."parentId" IS NULL THEN d.iss = k.jkt ELSE (
  WITH RECURSIVE up AS (
    SELECT p.iss, p."parentId", p."revokedAt", p."notAfter" FROM "Delegation" p WHERE p.id = d."parentId"
    UNION ALL SELECT p.iss, p."parentId", p."revokedAt", p."notAfter" FROM "Delegation" p JOIN up ON p.id = up."parentId"
  ) SELECT bool_and(up."revokedAt" IS NULL AND up."notAfter" > now() AND (up."parentId" IS NOT NULL OR up.iss = k.jkt)) FROM up) END`;

/**
 * Delegations to this agent that are in force, with all above them, and of the nodes' present incarnations; by node, newest first.
 */
export async function readDelegations(
  db: Queryable,
  agentId: string,
  nodeIds: readonly string[],
  jkt: string | null = null,
): Promise<Map<string, Held[]>> {
  const { rows } = await db.query<{ id: string }>({
    name: 'read-delegations',
    text: `SELECT d.id::text FROM "Delegation" d JOIN "NodeKey" k ON k."nodeId" = d."nodeId"
             AND k."revokedAt" IS NULL AND k.incarnation = d.incarnation
           WHERE d."nodeId" = ANY($2::uuid[]) AND d."agentId" = $1::uuid AND d."revokedAt" IS NULL AND d."notAfter" > now() AND ${ROOTED}
             AND d."granteeJkt" = coalesce($3, (SELECT jkt FROM "Agent" WHERE id = $1::uuid))
           ORDER BY d."createdAt" DESC, d.id DESC`,
    values: [agentId, nodeIds, jkt],
  });
  const cached = rows.map(({ id }) => known.get(id));
  const unknown = rows.filter((_, i) => !cached[i]).map(({ id }) => id);
  const read = unknown.length > 0 ? await readHeld(db, unknown) : new Map<string, Held>();
  for (const held of read.values()) known.set(held.id, held);
  const byNode = new Map<string, Held[]>();
  rows.forEach(({ id }, i) => {
    const held = cached[i] ?? read.get(id);
    if (!held) return; // deleted in between
    const others = byNode.get(held.nodeId);
    if (others) others.push(held);
    else byNode.set(held.nodeId, [held]);
  });
  return byNode;
}

type HeldRow = HardAmounts & Omit<Held, 'rights' | 'chain'> & { text: string; parents: string[] | null };

async function readHeld(db: Queryable, ids: readonly string[]): Promise<Map<string, Held>> {
  const { rows } = await db.query<HeldRow>(
    `SELECT id::text, "nodeId"::text AS "nodeId", "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "degreeMilli",
       date_part('epoch', "notBefore") AS nbf, date_part('epoch', "notAfter") AS exp, incarnation, "granteeJkt", line, text,
       CASE WHEN "parentId" IS NOT NULL THEN (
         WITH RECURSIVE up AS (
           SELECT 1 AS height, p.text, p."parentId" FROM "Delegation" p WHERE p.id = d."parentId"
           UNION ALL SELECT height + 1, p.text, p."parentId" FROM "Delegation" p JOIN up ON p.id = up."parentId"
         ) SELECT array_agg(up.text ORDER BY height DESC) FROM up) END AS parents
     FROM "Delegation" d WHERE id = ANY($1::uuid[])`,
    [ids],
  );
  return new Map(
    rows.map(({ cpuMilli, memoryMiB, diskMiB, networkKbps, text, parents, ...rest }) => {
      const chain = [...(parents ?? []), text];
      return [rest.id, { ...rest, rights: { cpuMilli, memoryMiB, diskMiB, networkKbps }, chain }];
    }),
  );
}
