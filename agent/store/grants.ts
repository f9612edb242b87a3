import { randomUUID } from 'node:crypto';
import type { Queryable } from './database';

/** A grant whose delegation is missing, ends soon, or says something else than was meant. Times: epoch seconds. */
export type DueGrant = {
  partnerId: string;
  authority: string;
  /** The partner's agent */
  agentId: string;
  agentUrn: string;
  agentKey: string;
  nodeId: string;
  node: string;
  shareMilli: number;
  degreeMilli: number;
  until: number;
  /** Of what it was given of this node before. */
  line: string | null;
};

/** What is due in one look, over all partners; the rest is at the next. */
const MOST = 500;

/**
 * Grants that need a delegation signed now, locked until the transaction ends, so that nobody takes one back while it is. A
 * delegation is renewed at half of its life, and at once where part, degree or end are not what was meant.
 */
export async function lockDueGrants(tx: Queryable, issuerId: string): Promise<DueGrant[]> {
  const { rows } = await tx.query<DueGrant>({
    name: 'lock-due-grants',
    text: `SELECT p.id::text AS "partnerId", p.authority, a.id::text AS "agentId", a.urn AS "agentUrn", a."publicKey" AS "agentKey",
             n.id::text AS "nodeId", n.urn AS node, g."shareMilli", least(g."degreeMilli", root."degreeMilli") AS "degreeMilli",
             floor(date_part('epoch', g.until))::float8 AS until, before.line
           FROM "PartnerGrant" g JOIN "Partner" p ON p.id = g."partnerId" AND p.state = 'active' AND p.takes
           JOIN "Agent" a ON a."partnerId" = p.id AND a."revokedAt" IS NULL AND a.urn = 'urn:publicid:IDN+' || p.authority || '+authority+am'
           JOIN "Node" n ON n.id = g."nodeId" AND n."partnerId" IS NULL
           JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL
           CROSS JOIN LATERAL (SELECT r.* FROM "Delegation" r WHERE r."nodeId" = n.id AND r."agentId" = $1 AND r."parentId" IS NULL
             AND r.iss = k.jkt AND r.incarnation = k.incarnation AND r."revokedAt" IS NULL AND r."notAfter" > now() + interval '10 minutes'
             ORDER BY r."notAfter" DESC LIMIT 1) root
           LEFT JOIN LATERAL (SELECT d.* FROM "Delegation" d JOIN "Delegation" up ON up.id = d."parentId" AND up."revokedAt" IS NULL
             AND up."notAfter" > now() WHERE d."nodeId" = n.id AND d."agentId" = a.id AND d."issuerId" = $1
             AND d."granteeJkt" = a.jkt AND d.incarnation = k.incarnation AND d."revokedAt" IS NULL AND d."notAfter" > now()
             ORDER BY d."createdAt" DESC LIMIT 1) now_in ON true
           LEFT JOIN LATERAL (SELECT o.line FROM "Delegation" o WHERE o."nodeId" = n.id AND o."agentId" = a.id AND o."issuerId" = $1
             AND o."granteeJkt" = a.jkt ORDER BY o."createdAt" DESC LIMIT 1) before ON true
           CROSS JOIN LATERAL (SELECT least(date_trunc('second', g.until), root."notAfter") AS ends,
             root."cpuMilli"::bigint * g."shareMilli" / 1000 AS cpu, root."memoryMiB"::bigint * g."shareMilli" / 1000 AS memory,
             root."diskMiB"::bigint * g."shareMilli" / 1000 AS disk, root."networkKbps"::bigint * g."shareMilli" / 1000 AS network) want
           WHERE g."endedAt" IS NULL AND g.until > now() + interval '1 minute' AND (now_in.id IS NULL
             OR (now_in."cpuMilli", now_in."memoryMiB", now_in."diskMiB", now_in."networkKbps", now_in."degreeMilli")
                 IS DISTINCT FROM (want.cpu, want.memory, want.disk, want.network, least(g."degreeMilli", root."degreeMilli"))
             OR now_in."notAfter" > want.ends
             OR now_in."notAfter" < want.ends AND (now_in."parentId" = root.id OR now() > now_in."notBefore" + (now_in."notAfter" - now_in."notBefore") / 2))
           ORDER BY n.urn LIMIT $2 FOR NO KEY UPDATE OF g SKIP LOCKED`,
    values: [issuerId, MOST],
  });
  return rows;
}

/**
 * Where a delegation just signed is narrower than those before of its line, these are taken back, so that no more can be issued under
 * them; one that was only renewed or widened leaves them to their end. What is leased runs on, charged to the same line.
 */
export async function supersede(
  tx: Queryable,
  issuerId: string,
  signed: readonly { id: string; nodeId: string; line: string }[],
): Promise<number> {
  const { rowCount } = await tx.query(
    `WITH old AS (
       UPDATE "Delegation" d SET "revokedAt" = now()
       FROM json_to_recordset($2::json) AS x(id uuid, "nodeId" uuid, line text) JOIN "Delegation" f ON f.id = x.id
       WHERE d."issuerId" = $1 AND d."nodeId" = x."nodeId" AND d.line = x.line AND d.id <> x.id AND d."revokedAt" IS NULL AND d."notAfter" > now()
         AND (f."cpuMilli" < d."cpuMilli" OR f."memoryMiB" < d."memoryMiB" OR f."diskMiB" < d."diskMiB" OR f."networkKbps" < d."networkKbps"
           OR f."degreeMilli" < d."degreeMilli" OR f."notAfter" < d."notAfter")
       RETURNING d.iss, d.jti, d."nodeId", d."notAfter"
     )
     INSERT INTO "Revocation" (id, kind, iss, jti, "nodeId", reason, "expiresAt", "actId", facts)
     SELECT gen_random_uuid(), 'delegation', iss, jti, "nodeId", 'another took its place', "notAfter" + interval '300 s', $3, $4::jsonb FROM old
     ON CONFLICT (iss, jti) DO NOTHING`,
    [
      issuerId,
      JSON.stringify(signed),
      randomUUID(),
      JSON.stringify({
        what: 'delegation',
        name: 'delegations to a partner, changed',
        by: 'the agent',
        delegations: signed.length,
      }),
    ],
  );
  return rowCount ?? 0;
}
