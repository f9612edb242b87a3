import type { HardAmounts } from '@/core/resources/vector';
import type { GrantNodes } from '@/protocol/api/partners';
import type { Tx } from '../db';
import { Prisma } from '../generated/prisma/client';

/** An own node that may be given; `rights`: what it delegates to our agent now, null when nothing. */
export type GrantCandidate = {
  id: string;
  urn: string;
  siteId: string;
  country: string | null;
  given: boolean;
  shareMilli: number | null;
  slivers: number;
  rights: HardAmounts | null;
};

type Row = Omit<GrantCandidate, 'rights'> & { [K in keyof HardAmounts]: number | null };

/** Own nodes of that description, and those that the partner has already. `matches` tells the former. */
export async function grantCandidates(
  tx: Tx,
  partner: { id: string },
  agentUrn: string,
  nodes: GrantNodes,
): Promise<(GrantCandidate & { matches: boolean })[]> {
  const rows = await tx.$queryRaw<(Row & { matches: boolean })[]>`
    SELECT n.id::text, n.urn, n."siteId"::text AS "siteId", n.country, g.id IS NOT NULL AS given, g."shareMilli",
      coalesce(v.slivers, 0)::int AS slivers, d."cpuMilli", d."memoryMiB", d."diskMiB", d."networkKbps", ${matching(nodes)} AS matches
    FROM "Node" n JOIN "Site" s ON s.id = n."siteId"
    JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL
    LEFT JOIN "PartnerGrant" g ON g."nodeId" = n.id AND g."partnerId" = ${partner.id}::uuid AND g."endedAt" IS NULL AND g.until > now()
    LEFT JOIN (SELECT l."nodeId", count(*) AS slivers FROM "HolderLease" l JOIN "Partner" p ON p."managerJkt" = l.holder
      WHERE p.id = ${partner.id}::uuid AND l."endedAt" IS NULL AND l.state <> 'gone' GROUP BY 1) v ON v."nodeId" = n.id
    LEFT JOIN LATERAL (SELECT r.* FROM "Delegation" r JOIN "Agent" a ON a.id = r."agentId" AND a.urn = ${agentUrn}
      WHERE r."nodeId" = n.id AND r."parentId" IS NULL AND r.iss = k.jkt AND r.incarnation = k.incarnation AND r."revokedAt" IS NULL AND r."notAfter" > now()
      ORDER BY r."notAfter" DESC LIMIT 1) d ON true
    WHERE n."partnerId" IS NULL AND (g.id IS NOT NULL OR ${matching(nodes)})`;
  return rows.map(({ cpuMilli, memoryMiB, diskMiB, networkKbps, ...rest }) => {
    const whole = cpuMilli !== null && memoryMiB !== null && diskMiB !== null && networkKbps !== null;
    return { ...rest, rights: whole ? { cpuMilli, memoryMiB, diskMiB, networkKbps } : null };
  });
}

function matching(nodes: GrantNodes): Prisma.Sql {
  if (nodes.by === 'site') return Prisma.sql`s."loginBase" = ANY(${nodes.sites})`;
  if (nodes.by === 'country') return Prisma.sql`n.country = ANY(${nodes.countries})`;
  if (nodes.by === 'list') return Prisma.sql`(n.urn = ANY(${nodes.nodes}) OR n.hostname = ANY(${nodes.nodes}))`;
  return Prisma.sql`true`;
}

/** Means the partner to have these nodes, to that part, until then. */
export async function putGrants(
  tx: Tx,
  partnerId: string,
  nodeIds: readonly string[],
  terms: { shareMilli: number; degreeMilli: number; until: Date },
): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO "PartnerGrant" (id, "partnerId", "nodeId", "shareMilli", "degreeMilli", until)
    SELECT gen_random_uuid(), ${partnerId}::uuid, n, ${terms.shareMilli}, ${terms.degreeMilli}, ${terms.until}
    FROM unnest(${[...nodeIds]}::uuid[]) AS n
    ON CONFLICT ("partnerId", "nodeId") DO UPDATE SET "shareMilli" = excluded."shareMilli", "degreeMilli" = excluded."degreeMilli",
      until = excluded.until, "endedAt" = NULL`;
}

/** … and these no more. Of all when `nodeIds` is null. */
export async function endGrants(
  tx: Tx,
  partnerId: string,
  nodeIds: readonly string[] | null,
  at: Date,
): Promise<number> {
  const { count } = await tx.partnerGrant.updateMany({
    where: { partnerId, endedAt: null, ...(nodeIds && { nodeId: { in: [...nodeIds] } }) },
    data: { endedAt: at },
  });
  return count;
}

/** Delegations to the partner's agents that count: of these nodes, or all. */
export async function delegationsTo(tx: Tx, partnerId: string, nodeIds: readonly string[] | null): Promise<string[]> {
  const rows = await tx.delegation.findMany({
    where: {
      agent: { partnerId },
      issuerId: { not: null },
      revokedAt: null,
      notAfter: { gt: new Date() },
      node: { partnerId: null },
      ...(nodeIds && { nodeId: { in: [...nodeIds] } }),
    },
    select: { id: true },
  });
  return rows.map(({ id }) => id);
}

/**
 * Leases may still run under delegations that narrower ones replaced: these were taken back without their leases. Says of them anew that
 * their leases end, under new numbers, so that nodes hear it. Gives how many.
 */
export async function endReplaced(
  tx: Tx,
  partnerId: string,
  nodeIds: readonly string[] | null,
  act: { id: string; reason: string; byId: string; at: Date },
): Promise<number> {
  const replaced = await tx.$queryRaw<{ id: string; iss: string; jti: string; nodeId: string; expiresAt: Date }[]>`
    SELECT r.id::text, r.iss, r.jti, d."nodeId"::text AS "nodeId", r."expiresAt" FROM "Revocation" r
    JOIN "Delegation" d ON d.iss = r.iss AND d.jti = r.jti AND d."issuerId" IS NOT NULL AND d."notAfter" > now()
    JOIN "Agent" a ON a.id = d."agentId" AND a."partnerId" = ${partnerId}::uuid
    WHERE r.kind = 'delegation' AND NOT r."endLeases" AND (${nodeIds === null} OR d."nodeId" = ANY(${[...(nodeIds ?? [])]}::uuid[]))`;
  if (replaced.length === 0) return 0;
  await tx.revocation.deleteMany({ where: { id: { in: replaced.map((one) => one.id) } } });
  const { id: actId, ...shared } = act;
  await tx.revocation.createMany({
    data: replaced.map(({ id: _, ...row }) => ({ ...row, ...shared, kind: 'delegation', endLeases: true, actId })),
  });
  return replaced.length;
}

/** The partnership is over: no certificate of it counts, and what it gave us is ours no more. Gives keys that were the partner's. */
export async function endPartner(tx: Tx, partnerId: string, at: Date): Promise<void> {
  const partner = await tx.partner.update({
    where: { id: partnerId },
    data: { state: 'ended', endedAt: at, takes: false, gives: false, inviteHash: null },
    select: { managerJkt: true, agents: { select: { jkt: true } } },
  });
  const jkts = [partner.managerJkt, ...partner.agents.map((agent) => agent.jkt)].filter((jkt) => jkt !== null);
  await tx.certificate.updateMany({
    where: { jkt: { in: jkts }, kind: { startsWith: 'partner' }, revokedAt: null },
    data: { revokedAt: at },
  });
  await tx.delegation.updateMany({ where: { node: { partnerId }, revokedAt: null }, data: { revokedAt: at } });
  await tx.sealedSecret.deleteMany({ where: { name: `partner:${partnerId}` } });
}
