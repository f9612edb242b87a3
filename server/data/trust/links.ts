import { z } from 'zod';
import { ENDING_SECONDS } from '@/core/trust/link-state';
import * as c from '@/protocol/api/common';
import { type LinkRow, LinkState } from '@/protocol/api/trust';
import { Prisma } from '../../generated/prisma/client';

const RESOURCES = ['cpuMilli', 'memoryMiB', 'diskMiB', 'networkKbps'] as const;
const each = (make: (column: Prisma.Sql) => Prisma.Sql) =>
  Prisma.join(RESOURCES.map((resource) => make(Prisma.raw(`"${resource}"`))));

/** [start, end) */
type Term = { start: Date; end: Date };
const FOREVER = new Date(Date.UTC(2100, 0));

/**
 * Begins a statement: every delegation of the nodes for which `nodes` (SQL over "Node" n) holds, as CTE `link` with its depth,
 * state (core/trust/link-state.ts) at `now`, and its use by whatever is promised or leased within `span`.
 *
 * A link to a key that its agent has changed since is replaced by the newer one to the agent's present key.
 *
 * Use is an agent's on a node. Tickets do not say in a column under which of the agent's links on that node they were issued, and there
 * is hardly ever more than one that counts: the newest of these carries it. Passed on is what children that count were given, times
 * their degree. Of a ticket and one that replaces it the greater counts, as in the agent's own books.
 */
export function linksWith(nodes: Prisma.Sql, now: Date, span: Term = { start: now, end: FOREVER }): Prisma.Sql {
  return Prisma.sql`WITH RECURSIVE seen AS MATERIALIZED (
      SELECT n.id, n.hostname, n."siteId", n."partnerId" FROM "Node" n WHERE ${nodes}
    ), judged AS MATERIALIZED (
      SELECT d.id, d."parentId", d."nodeId", d."issuerId", d."agentId", d.iss, d.jti, d.line, d.incarnation, d."granteeJkt", d."createdAt",
        ${each((x) => Prisma.sql`d.${x}`)}, d."degreeMilli", d."notBefore", d."notAfter",
        d."revokedAt" IS NOT NULL OR a."revokedAt" IS NOT NULL OR EXISTS (
          SELECT FROM "Revocation" r WHERE r.iss = d.iss AND r.jti = d.jti
        ) OR EXISTS (
          SELECT FROM "Revocation" r WHERE r.jkt IN (d.iss, d."granteeJkt") AND (r."nodeId" IS NULL OR r."nodeId" = d."nodeId")
        ) AS taken,
        k.id IS NOT NULL AND (k.incarnation <> d.incarnation OR d."parentId" IS NULL AND d."issuerId" IS NULL AND d.iss <> k.jkt) AS void,
        row_number() OVER (PARTITION BY d.iss, d."granteeJkt", d.line, d."nodeId" ORDER BY d."createdAt" DESC, d.id DESC) > 1
          OR d."parentId" IS NULL AND d."granteeJkt" <> a.jkt AND EXISTS (
            SELECT FROM "Delegation" e WHERE e."nodeId" = d."nodeId" AND e."agentId" = d."agentId" AND e.iss = d.iss
              AND e."granteeJkt" = a.jkt AND e."createdAt" > d."createdAt"
          ) AS replaced
      FROM "Delegation" d JOIN seen s ON s.id = d."nodeId" JOIN "Agent" a ON a.id = d."agentId"
      LEFT JOIN "NodeKey" k ON k."nodeId" = d."nodeId" AND k."revokedAt" IS NULL
    ), tree AS (
      SELECT j.id, CASE WHEN j."issuerId" IS NULL THEN 1 ELSE 2 END AS depth, false AS cut,
        j.taken OR j.void OR j."notAfter" <= ${now} AS ends
      FROM judged j WHERE j."parentId" IS NULL
      UNION ALL
      SELECT j.id, t.depth + 1, t.cut OR t.ends, j.taken OR j.void OR j."notAfter" <= ${now}
      FROM tree t JOIN judged j ON j."parentId" = t.id WHERE t.depth < 16
    ), stated AS MATERIALIZED (
      SELECT j.*, t.depth, CASE WHEN j.taken THEN 'taken-back' WHEN j.void THEN 'void' WHEN j."notAfter" <= ${now} THEN 'expired'
          WHEN t.cut THEN 'cut-off' WHEN j.replaced THEN 'replaced' WHEN j."notBefore" > ${now} THEN 'not-yet'
          WHEN j."notAfter" <= ${new Date(now.getTime() + ENDING_SECONDS * 1000)} THEN 'ending' ELSE 'in-force' END AS state
      FROM judged j JOIN tree t ON t.id = j.id
    ), counted AS MATERIALIZED (
      SELECT t.iss, t.jti, t.replaces, t."agentId", t."nodeId", t.state <> 'issued' AS held, ${each((x) => Prisma.sql`t.${x}`)}
      FROM "Ticket" t JOIN seen s ON s.id = t."nodeId" LEFT JOIN "Lease" l ON l."sliverId" = t."sliverId"
      LEFT JOIN "Sliver" v ON v.id = t."sliverId"
      CROSS JOIN LATERAL (SELECT coalesce(l."endsAt" + make_interval(secs => l."graceSeconds"), t."endsAt") AS "until") x
      WHERE t.state IN ('issued', 'redeemed', 'lapsed') AND x."until" > ${now} AND x."until" > ${span.start} AND t."startsAt" < ${span.end}
        AND (t.state = 'issued' AND t."notAfter" > ${new Date(now.getTime() - 300_000)}
          OR (t.state = 'redeemed' OR t.state = 'lapsed' AND l.id IS NOT NULL) AND l."endedAt" IS NULL AND v."goneAt" IS NULL)
    ), used AS (
      SELECT c."agentId", c."nodeId",
        ${Prisma.join(
          RESOURCES.flatMap((resource) => {
            const x = Prisma.raw(`"${resource}"`);
            const more = Prisma.sql`greatest(0, c.${x} - coalesce(p.${x}, 0))`;
            return [
              Prisma.sql`coalesce(sum(${more}) FILTER (WHERE NOT c.held), 0)::float8 AS ${Prisma.raw(`"issued_${resource}"`)}`,
              Prisma.sql`coalesce(sum(${more}) FILTER (WHERE c.held), 0)::float8 AS ${Prisma.raw(`"redeemed_${resource}"`)}`,
            ];
          }),
        )}
      FROM counted c LEFT JOIN counted p ON p.iss = c.iss AND p.jti = c.replaces AND p."nodeId" = c."nodeId" GROUP BY 1, 2
    ), given AS (
      SELECT p.iss, p."granteeJkt", p.line, p."nodeId",
        ${each((x) => Prisma.sql`sum(floor(j.${x}::float8 * j."degreeMilli" / 1000)) AS ${x}`)}
      FROM stated j JOIN stated p ON p.id = j."parentId" WHERE j.state IN ('in-force', 'ending', 'not-yet') GROUP BY 1, 2, 3, 4
    ), link AS MATERIALIZED (
      SELECT s.*, s.state IN ('in-force', 'ending') AS counts, ${Prisma.join(
        RESOURCES.flatMap((resource) => {
          const col = (prefix: string) => Prisma.raw(`"${prefix}${resource}"`);
          const carries = Prisma.sql`s.first`;
          const issued = Prisma.sql`CASE WHEN ${carries} THEN coalesce(u.${col('issued_')}, 0) ELSE 0 END`;
          const redeemed = Prisma.sql`CASE WHEN ${carries} THEN coalesce(u.${col('redeemed_')}, 0) ELSE 0 END`;
          const passed = Prisma.sql`CASE WHEN s.replaced THEN 0 ELSE coalesce(g.${col('')}, 0) END`;
          return [
            Prisma.sql`${issued} AS ${col('issued_')}`,
            Prisma.sql`${redeemed} AS ${col('redeemed_')}`,
            Prisma.sql`${passed} AS ${col('passed_')}`,
            Prisma.sql`CASE WHEN s.state NOT IN ('in-force', 'ending') THEN 0 ELSE
              greatest(0, floor(s.${col('')}::float8 * s."degreeMilli" / 1000) - ${issued} - ${redeemed} - ${passed}) END AS ${col('free_')}`,
          ];
        }),
      )}
      FROM (SELECT s.*, row_number() OVER (PARTITION BY s."agentId", s."nodeId"
          ORDER BY s.state IN ('in-force', 'ending') DESC, s.replaced, s."createdAt" DESC, s.id DESC) = 1 AS first FROM stated s) s
      LEFT JOIN used u ON u."agentId" = s."agentId" AND u."nodeId" = s."nodeId"
      LEFT JOIN given g ON g.iss = s.iss AND g."granteeJkt" = s."granteeJkt" AND g.line = s.line AND g."nodeId" = s."nodeId"
    )`;
}

/** Those that the graph draws: the newest of each line, unless void, or over for more than a week. SQL over `link` l. */
export const drawn = (now: Date) =>
  Prisma.sql`NOT l.replaced AND NOT l.void AND l."notAfter" > ${new Date(now.getTime() - 7 * 86_400_000)}`;

const use = (prefix: string) =>
  Prisma.sql`ARRAY[${Prisma.join(RESOURCES.map((r) => Prisma.raw(`l."${prefix}${r}"`)))}]::float8[]`;

/** What people call an agent: `am` or its name after `am.`; a partner's by its deployment's authority. */
export const agentName = (agent: string, partner: string) =>
  Prisma.raw(`coalesce(${partner}.authority, regexp_replace(${agent}.urn, '^.*\\+(am\\.)?', ''))`);

/** The columns of `Row`, over `link` l, "Node" n, "Site" i, agents a (grantee) and b (issuer), partners pa and pn. */
export const ROW = Prisma.sql`l.id::text, l.iss, l.jti, l.line, l.incarnation, l.depth::int AS depth, l."parentId"::text AS "parentId", l."nodeId"::text AS "nodeId",
  n.hostname, i."loginBase" AS site, pn.name AS "nodePartner", b.id::text AS "issuerId", ${agentName('b', 'pb')} AS "issuerName", a.id::text AS "agentId", ${agentName('a', 'pa')} AS "agentName",
  pa.name AS "agentPartner", l."granteeJkt", ARRAY[${Prisma.join(RESOURCES.map((r) => Prisma.raw(`l."${r}"`)))}]::float8[] AS rights,
  l."degreeMilli", l."notBefore", l."notAfter", l.state, ${use('issued_')} AS issued, ${use('redeemed_')} AS redeemed,
  ${use('passed_')} AS "passedOn", ${use('free_')} AS free`;
export const FROM_LINK = Prisma.sql`FROM link l JOIN "Node" n ON n.id = l."nodeId" JOIN "Site" i ON i.id = n."siteId"
  JOIN "Agent" a ON a.id = l."agentId" LEFT JOIN "Agent" b ON b.id = l."issuerId" LEFT JOIN "Partner" pa ON pa.id = a."partnerId"
  LEFT JOIN "Partner" pb ON pb.id = b."partnerId" LEFT JOIN "Partner" pn ON pn.id = n."partnerId"`;

const Row = z.object({
  id: c.Id,
  iss: z.string(),
  jti: z.string(),
  line: z.string(),
  incarnation: z.string(),
  depth: z.int(),
  parentId: c.Id.nullable(),
  nodeId: c.Id,
  hostname: z.string(),
  site: z.string(),
  nodePartner: z.string().nullable(),
  issuerId: c.Id.nullable(),
  issuerName: z.string().nullable(),
  agentId: c.Id,
  agentName: z.string(),
  agentPartner: z.string().nullable(),
  granteeJkt: z.string(),
  rights: z.array(z.number()),
  degreeMilli: z.int(),
  notBefore: z.date(),
  notAfter: z.date(),
  state: LinkState,
  issued: z.array(z.number()),
  redeemed: z.array(z.number()),
  passedOn: z.array(z.number()),
  free: z.array(z.number()),
});

/** A row of `ROW` as the API shows it. */
export function toLinkRow(row: unknown): LinkRow {
  const {
    nodeId,
    hostname,
    site,
    nodePartner,
    issuerId,
    issuerName,
    agentId,
    agentName: name,
    agentPartner,
    ...r
  } = Row.parse(row);
  const { issued, redeemed, passedOn, free, rights, ...rest } = r;
  return {
    ...rest,
    node: { id: nodeId, hostname, site, partner: nodePartner },
    issuer: issuerId === null || issuerName === null ? null : { id: issuerId, name: issuerName },
    grantee: { id: agentId, name, partner: agentPartner },
    rights: amounts(rights),
    use: { issued: amounts(issued), redeemed: amounts(redeemed), passedOn: amounts(passedOn), free: amounts(free) },
  };
}

/** Four numbers in the order of the resource vector. */
export function amounts([cpuMilli = 0, memoryMiB = 0, diskMiB = 0, networkKbps = 0]: readonly number[]) {
  return { cpuMilli, memoryMiB, diskMiB, networkKbps };
}
