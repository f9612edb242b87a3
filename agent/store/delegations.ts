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

/** Keeps a verified delegation; the same one again changes nothing. Those of other incarnations are void from now on. */
export async function storeDelegation(
  tx: Queryable,
  agentId: string,
  nodeId: string,
  claims: DelegationClaims,
  text: string,
): Promise<void> {
  const { iss, jti, incarnation, rights, degreeMilli, nbf, exp } = claims;
  await noteIncarnation(tx, { nodeId, jkt: iss, incarnation });
  await tx.query(
    `INSERT INTO "Delegation" (id, iss, jti, "nodeId", "agentId", text, incarnation, "cpuMilli", "memoryMiB", "diskMiB", "networkKbps",
       "degreeMilli", "notBefore", "notAfter", "granteeJkt", line)
     VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, to_timestamp($12), to_timestamp($13), $14, $2)
     ON CONFLICT (iss, jti) DO NOTHING`,
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
      thumbprint(claims.grantee),
    ],
  );
}

/** A delegation in force, as tickets are issued from it. Times: epoch seconds. */
export type Held = {
  id: string;
  nodeId: string;
  rights: HardAmounts;
  degreeMilli: number;
  nbf: number;
  exp: number;
  text: string;
};

/** Delegations by id: what they say never changes, only whether they count. */
const known = new Bounded<string, Held>(16_384);

/** Delegations to this agent that are in force and of the nodes' present incarnations, by node, newest first. */
export async function readDelegations(
  db: Queryable,
  agentId: string,
  nodeIds: readonly string[],
): Promise<Map<string, Held[]>> {
  const { rows } = await db.query<{ id: string }>({
    name: 'read-delegations',
    text: `SELECT d.id::text FROM "Delegation" d JOIN "NodeKey" k ON k."nodeId" = d."nodeId" AND k.jkt = d.iss
             AND k."revokedAt" IS NULL AND k.incarnation = d.incarnation
           WHERE d."nodeId" = ANY($2::uuid[]) AND d."agentId" = $1::uuid AND d."revokedAt" IS NULL AND d."notAfter" > now()
           ORDER BY d."createdAt" DESC, d.id DESC`,
    values: [agentId, nodeIds],
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

async function readHeld(db: Queryable, ids: readonly string[]): Promise<Map<string, Held>> {
  const { rows } = await db.query<HardAmounts & Omit<Held, 'rights'>>(
    `SELECT id::text, "nodeId"::text AS "nodeId", "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", "degreeMilli",
       date_part('epoch', "notBefore") AS nbf, date_part('epoch', "notAfter") AS exp, text FROM "Delegation" WHERE id = ANY($1::uuid[])`,
    [ids],
  );
  return new Map(
    rows.map(({ cpuMilli, memoryMiB, diskMiB, networkKbps, ...rest }) => {
      return [rest.id, { ...rest, rights: { cpuMilli, memoryMiB, diskMiB, networkKbps } }];
    }),
  );
}
