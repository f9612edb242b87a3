import type { Tx } from '../../db';
import type { Prisma } from '../../generated/prisma/client';
import { Prisma as P } from '../../generated/prisma/client';

/** Whose resources a link hands out, or null when there is none of that id. */
export async function nodeOfLink(db: Tx, id: string): Promise<{ nodeId: string; siteId: string } | null> {
  const row = await db.delegation.findUnique({
    where: { id },
    select: { nodeId: true, node: { select: { siteId: true } } },
  });
  return row && { nodeId: row.nodeId, siteId: row.node.siteId };
}

/** Is the node among those (SQL over "Node" n)? */
export async function isAmong(db: Tx, nodes: Prisma.Sql, nodeId: string): Promise<boolean> {
  const rows = await db.$queryRaw<unknown[]>`SELECT FROM "Node" n WHERE n.id = ${nodeId}::uuid AND ${nodes}`;
  return rows.length > 0;
}

export async function nodeIdentity(db: Tx, nodeId: string) {
  const node = await db.node.findUnique({
    where: { id: nodeId },
    select: { id: true, urn: true, hostname: true, siteId: true, keys: { where: { revokedAt: null } } },
  });
  return node && { ...node, key: node.keys[0] ?? null };
}

/** The signed texts of a link and all above it, root first. */
export function readChain(db: Tx, id: string): Promise<{ id: string; text: string }[]> {
  return db.$queryRaw`
    WITH RECURSIVE up AS (
      SELECT 0 AS height, d.id, d.text, d."parentId" FROM "Delegation" d WHERE d.id = ${id}::uuid
      UNION ALL
      SELECT up.height + 1, d.id, d.text, d."parentId" FROM "Delegation" d JOIN up ON d.id = up."parentId" WHERE up.height < 16
    ) SELECT id::text, text FROM up ORDER BY height DESC`;
}

/** Which of these keys were taken back: everywhere, or for this node. */
export async function revokedKeys(db: Tx, jkts: readonly string[], nodeId: string): Promise<string[]> {
  const rows = await db.$queryRaw<{ jkt: string }[]>`
    SELECT jkt FROM "Revocation" WHERE jkt = ANY(${[...jkts]}::text[]) AND ("nodeId" IS NULL OR "nodeId" = ${nodeId}::uuid)
    UNION SELECT jkt FROM "NodeKey" WHERE jkt = ANY(${[...jkts]}::text[]) AND "revokedAt" IS NOT NULL
    UNION SELECT jkt FROM "Agent" WHERE jkt = ANY(${[...jkts]}::text[]) AND "revokedAt" IS NOT NULL`;
  return rows.map((row) => row.jkt);
}

/** Nodes that a person may mean: by id, URN or host name. */
export function nodesNamed(db: Tx, name: string): Promise<{ id: string; urn: string; hostname: string }[]> {
  return db.$queryRaw`SELECT id::text, urn, hostname FROM "Node"
    WHERE id::text = ${name.toLowerCase()} OR lower(urn) = ${name.toLowerCase()} OR lower(hostname) = ${name.toLowerCase()}
    ORDER BY urn LIMIT 2`;
}

/** The agent of that name, URN or key; an agent that took another key is found by a key that links were made out to, too. */
export function issuersNamed(db: Tx, name: string): Promise<{ jkt: string; name: string }[]> {
  return db.$queryRaw`
    WITH named AS (
      SELECT a.id, a.jkt, a.urn, coalesce(p.authority, regexp_replace(a.urn, '^.*\\+(am\\.)?', '')) AS name
      FROM "Agent" a LEFT JOIN "Partner" p ON p.id = a."partnerId"
    )
    SELECT jkt, name FROM named WHERE ${name} IN (jkt, urn, name, id::text)
    UNION SELECT d."granteeJkt", n.name || ', with an earlier key' FROM "Delegation" d JOIN named n ON n.id = d."agentId"
      WHERE d."granteeJkt" = ${name} AND n.jkt <> ${name}
    LIMIT 2`;
}

/** Agents that hold or held authority, for the form's list. */
export function knownIssuers(db: Tx): Promise<{ id: string; name: string; jkt: string; partner: string | null }[]> {
  return db.$queryRaw`
    SELECT a.id::text, coalesce(p.authority, regexp_replace(a.urn, '^.*\\+(am\\.)?', '')) AS name, a.jkt, p.name AS partner
    FROM "Agent" a LEFT JOIN "Partner" p ON p.id = a."partnerId" ORDER BY p.authority NULLS FIRST, a.urn LIMIT 200`;
}

/** Whose key it is: a node's, an agent's, a person's own, a partner's service manager's. */
export async function ownerOfKey(
  db: Tx,
  jkt: string,
): Promise<{ publicKey: string; owner: string; kind: string; retired: boolean } | null> {
  const rows = await db.$queryRaw<{ publicKey: string; owner: string; kind: string; retired: boolean }[]>(
    P.sql`SELECT k."publicKey", n.hostname AS owner, 'node' AS kind, k."revokedAt" IS NOT NULL AS retired
      FROM "NodeKey" k JOIN "Node" n ON n.id = k."nodeId" WHERE k.jkt = ${jkt}
    UNION ALL SELECT a."publicKey", coalesce(p.authority, a.urn), CASE WHEN p.id IS NULL THEN 'agent' ELSE 'partner' END, a."revokedAt" IS NOT NULL
      FROM "Agent" a LEFT JOIN "Partner" p ON p.id = a."partnerId" WHERE a.jkt = ${jkt}
    LIMIT 1`,
  );
  return rows[0] ?? null;
}
