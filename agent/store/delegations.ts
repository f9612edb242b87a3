import { Bounded } from '@/protocol/statement/bounded';
import type { DelegationClaims } from '@/protocol/statement/schemas';
import type { Queryable } from './database';

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
  await tx.query(`UPDATE "NodeKey" SET incarnation = $2 WHERE jkt = $1 AND incarnation <> $2`, [iss, incarnation]);
  await tx.query(
    `UPDATE "Delegation" SET "revokedAt" = now() WHERE "nodeId" = $1 AND incarnation <> $2 AND "revokedAt" IS NULL`,
    [nodeId, incarnation],
  );
  await tx.query(
    `INSERT INTO "Delegation" (id, iss, jti, "nodeId", "agentId", text, incarnation, "cpuMilli", "memoryMiB", "diskMiB", "networkKbps",
       "degreeMilli", "notBefore", "notAfter")
     VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, to_timestamp($12), to_timestamp($13))
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
    ],
  );
}

/** Signed texts by id: a delegation's never changes. */
const texts = new Bounded<string, string>(16_384);

/** The signed texts of delegations, by id. */
export async function readDelegationTexts(db: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const unknown: string[] = [];
  for (const id of ids) {
    const text = texts.get(id);
    if (text === undefined) unknown.push(id);
    else found.set(id, text);
  }
  if (unknown.length === 0) return found;
  const { rows } = await db.query<{ id: string; text: string }>(
    'SELECT id::text, text FROM "Delegation" WHERE id = ANY($1::uuid[])',
    [unknown],
  );
  for (const { id, text } of rows) {
    texts.set(id, text);
    found.set(id, text);
  }
  return found;
}
