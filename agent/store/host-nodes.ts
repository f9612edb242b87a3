import { formatUrn } from '@/core/identity/urn';
import type { HardAmounts } from '@/core/resources/vector';
import type { GoneNode, GrantedNode } from '@/protocol/agent/partners';
import { thumbprint } from '@/protocol/statement/keys';
import type { Queryable } from './database';
import { noteIncarnation } from './incarnation';

export type HostRow = {
  id: string;
  authority: string;
  name: string;
  agentAddress: string;
  caPem: string;
  /** Its agent: row, name, key. */
  agentId: string;
  agentUrn: string;
  agentJkt: string;
};

/** Partners that give us of their nodes. */
export async function readHosts(db: Queryable): Promise<HostRow[]> {
  const { rows } = await db.query<HostRow>(
    `SELECT p.id::text, p.authority, p.name, p."agentAddress", p."caPem", a.id::text AS "agentId", a.urn AS "agentUrn", a.jkt AS "agentJkt"
     FROM "Partner" p JOIN "Agent" a ON a."partnerId" = p.id AND a."revokedAt" IS NULL
     WHERE p.state = 'active' AND p.gives AND p."agentAddress" IS NOT NULL AND p."caPem" IS NOT NULL
       AND a.urn = 'urn:publicid:IDN+' || p.authority || '+authority+am'`,
  );
  return rows;
}

/** Its sites never share a login base with one of ours, which has no dot. */
export const siteBase = (host: { authority: string }, loginBase: string) =>
  `${loginBase}.${host.authority}`.toLowerCase();

async function keepSite(tx: Queryable, host: HostRow, site: GrantedNode['site']): Promise<string | null> {
  const { loginBase, name, country, latitude, longitude } = site;
  const urn = formatUrn({ authority: host.authority, site: loginBase, kind: 'authority', name: 'sa' });
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO "Site" AS s (id, "loginBase", name, urn, country, latitude, longitude, source, "partnerId")
     VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, 'partner', $7)
     ON CONFLICT (urn) DO UPDATE SET name = $2, country = $4, latitude = $5, longitude = $6 WHERE s."partnerId" = $7::uuid
     RETURNING id::text`,
    [siteBase(host, loginBase), name, urn, country, latitude, longitude, host.id],
  );
  return rows[0]?.id ?? null;
}

/**
 * Keeps a partner's node, its site, key and last word. Gives the node's id; null where a name or key is somebody else's here, which
 * a partner does not take over.
 */
export async function keepHostNode(tx: Queryable, host: HostRow, node: GrantedNode): Promise<string | null> {
  const siteId = await keepSite(tx, host, node.site);
  if (!siteId) return null;
  const { cpuMilli, memoryMiB, diskMiB, networkKbps }: HardAmounts = node.capacity;
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO "Node" AS n (id, urn, hostname, "siteId", country, city, latitude, longitude, address, "bootState", "adminSwitch", simulated,
       driver, "cpuMilli", "memoryMiB", "diskMiB", "networkKbps", source, "partnerId", "enrolledAt")
     VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8, $9::"BootState", $10::"AdminSwitch", $11, $12, $13, $14, $15, $16, 'partner', $17, now())
     ON CONFLICT (urn) DO UPDATE SET hostname = $2, "siteId" = $3, country = $4, city = $5, latitude = $6, longitude = $7, address = $8,
       "bootState" = $9::"BootState", "adminSwitch" = $10::"AdminSwitch", simulated = $11, driver = $12, "cpuMilli" = $13, "memoryMiB" = $14,
       "diskMiB" = $15, "networkKbps" = $16 WHERE n."partnerId" = $17::uuid
     RETURNING id::text`,
    [
      node.urn,
      node.hostname,
      siteId,
      node.country,
      node.city,
      node.latitude,
      node.longitude,
      node.address,
      node.bootState,
      node.adminSwitch,
      node.simulated,
      node.driver,
      cpuMilli,
      memoryMiB,
      diskMiB,
      networkKbps,
      host.id,
    ],
  );
  const id = rows[0]?.id;
  if (!id || !(await keepKey(tx, id, node))) return null;
  return id;
}

async function keepKey(tx: Queryable, nodeId: string, node: GrantedNode): Promise<boolean> {
  const jkt = thumbprint(node.publicKey);
  await tx.query(`UPDATE "NodeKey" SET "revokedAt" = now() WHERE "nodeId" = $1 AND jkt <> $2 AND "revokedAt" IS NULL`, [
    nodeId,
    jkt,
  ]);
  const { rows } = await tx.query(
    `INSERT INTO "NodeKey" AS k (id, "nodeId", jkt, "publicKey", incarnation) VALUES (gen_random_uuid(), $1, $2, $3, $4)
     ON CONFLICT (jkt) DO UPDATE SET "revokedAt" = NULL WHERE k."nodeId" = $1 RETURNING 1`,
    [nodeId, jkt, node.publicKey.x, node.incarnation],
  );
  if (rows.length === 0) return false;
  await noteIncarnation(tx, { nodeId, jkt, incarnation: node.incarnation });
  return true;
}

/** The partner's word on its node stands for the node's own: soft state, as fresh as the partner's while the partner is heard. */
export async function keepWord(tx: Queryable, nodeId: string, node: GrantedNode): Promise<void> {
  const { cpuMilli, memoryMiB, diskMiB, networkKbps } = node.free;
  await tx.query(
    `INSERT INTO "Heartbeat" AS h ("nodeId", at, reachability, since, incarnation, "freeCpuMilli", "freeMemoryMiB", "freeDiskMiB",
       "freeNetworkKbps", slivers, facts)
     VALUES ($1, CASE WHEN $2 = 'unreachable' THEN now() - interval '1 minute' ELSE now() END, $2::"Reachability", now(), $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT ("nodeId") DO UPDATE SET at = CASE WHEN $2 = 'online' THEN now() ELSE h.at END, reachability = excluded.reachability,
       since = CASE WHEN h.reachability = excluded.reachability THEN h.since ELSE now() END, incarnation = $3, "freeCpuMilli" = $4,
       "freeMemoryMiB" = $5, "freeDiskMiB" = $6, "freeNetworkKbps" = $7, slivers = $8, facts = $9`,
    [
      nodeId,
      node.reachability,
      node.incarnation,
      cpuMilli,
      memoryMiB,
      diskMiB,
      networkKbps,
      node.slivers,
      JSON.stringify({ images: node.images }),
    ],
  );
}

/** The partner answered: what it said of its nodes is still so. */
export async function stillSo(db: Queryable, partnerId: string): Promise<void> {
  await db.query(
    `WITH heard AS (UPDATE "Partner" SET "readAt" = now(), problem = NULL WHERE id = $1 RETURNING id)
     UPDATE "Heartbeat" h SET at = now() FROM "Node" n, heard
     WHERE h."nodeId" = n.id AND n."partnerId" = heard.id AND h.reachability = 'online' AND EXISTS (
       SELECT FROM "Delegation" d WHERE d."nodeId" = n.id AND d."revokedAt" IS NULL AND d."notAfter" > now())`,
    [partnerId],
  );
}

/** Of one node's delegations only these count from now on; one that comes back counts again unless it was revoked here. */
export async function onlyDelegations(tx: Queryable, nodeId: string, ids: readonly string[]): Promise<void> {
  await tx.query(
    `UPDATE "Delegation" d SET "revokedAt" = CASE WHEN d.id = ANY($2::uuid[]) THEN NULL ELSE now() END
     WHERE d."nodeId" = $1 AND (d."revokedAt" IS NULL) <> (d.id = ANY($2::uuid[]))
       AND NOT (d.id = ANY($2::uuid[]) AND EXISTS (SELECT FROM "Revocation" r WHERE r.iss = d.iss AND r.jti = d.jti))`,
    [nodeId, ids],
  );
}

export type LostNode = { nodeId: string; urn: string };

/** Nodes of the partner that count here, but are not among these. */
export async function othersOf(tx: Queryable, partnerId: string, urns: readonly string[]): Promise<GoneNode[]> {
  const { rows } = await tx.query<{ urn: string }>(
    `SELECT n.urn FROM "Node" n WHERE n."partnerId" = $1 AND n.urn <> ALL($2::text[]) AND EXISTS (
       SELECT FROM "Delegation" d WHERE d."nodeId" = n.id AND d."revokedAt" IS NULL)`,
    [partnerId, urns],
  );
  const at = new Date().toISOString();
  return rows.map(({ urn }) => ({ urn, at, why: null, endLeases: false }));
}

/**
 * The partner took these back: nothing is issued for them any more, and tickets that are out are void. Where leases end with it, their
 * slivers say who took them back and why. Gives nodes and slivers that changed.
 */
export async function loseNodes(
  tx: Queryable,
  host: Pick<HostRow, 'id' | 'name'>,
  gone: readonly GoneNode[],
): Promise<{ nodes: string[]; slivers: { id: string; sliceId: string }[] }> {
  const json = JSON.stringify(
    gone.map(({ urn, at, why, endLeases }) => ({
      urn,
      ends: endLeases,
      reason: {
        code: 'AUTHORITY_REVOKED',
        facts: { kind: 'delegation', id: urn, by: host.name, at, why: why ?? '' },
      },
    })),
  );
  const lost = await tx.query<{ id: string }>(
    `WITH gone AS (
       SELECT n.id FROM json_to_recordset($1::json) AS g(urn text) JOIN "Node" n ON n.urn = g.urn AND n."partnerId" = $2::uuid
     )
     UPDATE "Delegation" d SET "revokedAt" = now() FROM gone WHERE d."nodeId" = gone.id AND d."revokedAt" IS NULL RETURNING d."nodeId"::text AS id`,
    [json, host.id],
  );
  const nodes = [...new Set(lost.rows.map((row) => row.id))];
  if (nodes.length === 0) return { nodes: [], slivers: [] };
  await tx.query(`UPDATE "Ticket" SET state = 'void' WHERE "nodeId" = ANY($1::uuid[]) AND state = 'issued'`, [nodes]);
  await tx.query(
    `SELECT FROM "Sliver" WHERE "nodeId" = ANY($1::uuid[]) AND "goneAt" IS NULL ORDER BY id FOR NO KEY UPDATE`,
    [nodes],
  );
  const { rows: slivers } = await tx.query<{ id: string; sliceId: string }>(
    `UPDATE "Sliver" v SET reason = g.reason, "changedAt" = now()
     FROM json_to_recordset($1::json) AS g(urn text, ends boolean, reason jsonb) JOIN "Node" n ON n.urn = g.urn
     WHERE v."nodeId" = n.id AND n.id = ANY($2::uuid[]) AND v."goneAt" IS NULL AND v.reported NOT IN ('gone', 'failed')
       AND (g.ends OR NOT EXISTS (SELECT FROM "Lease" l WHERE l."sliverId" = v.id))
     RETURNING v.id::text, v."sliceId"::text AS "sliceId"`,
    [json, nodes],
  );
  return { nodes, slivers };
}
