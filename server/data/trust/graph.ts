import { z } from 'zod';
import * as c from '@/protocol/api/common';
import { LinkState, type TrustBox, type TrustEdge } from '@/protocol/api/trust';
import type { Tx } from '../../db';
import { Prisma } from '../../generated/prisma/client';
import { agentName, amounts, drawn, linksWith } from './links';

/** Sites of an opened group, and nodes of an opened site, that get a box of their own; the rest share one. */
export const MOST_BOXES = 12;
/** Ways to trust that get a group of their own; nodes that trust in rarer ways are one group. */
const MOST_GROUPS = 12;

const EdgeRow = z.object({
  box: z.string().nullable(),
  depth: z.int(),
  issuerId: c.Id.nullable(),
  agentId: c.Id,
  links: z.int(),
  states: z.record(z.string(), z.int()),
  rights: z.array(z.number()),
  issued: z.array(z.number()),
  redeemed: z.array(z.number()),
  passedOn: z.array(z.number()),
  free: z.array(z.number()),
  degreeMin: z.int().nullable(),
  degreeMax: z.int().nullable(),
  earliestEnd: z.date().nullable(),
});
const BoxRow = z.object({
  box: z.string(),
  kind: z.enum(['group', 'site', 'node', 'rest']),
  ref: z.string().nullable(),
  name: z.string().nullable(),
  nodes: z.int(),
  sites: z.int(),
  partner: z.string().nullable(),
});
const AgentRow = z.object({ id: c.Id, name: z.string(), partner: z.string().nullable(), closed: z.boolean() });

export type BoxFacts = z.infer<typeof BoxRow>;
export type AgentFacts = z.infer<typeof AgentRow>;
export type EdgeFacts = Pick<TrustEdge, 'links' | 'states' | 'rights' | 'use' | 'degreeMilli' | 'earliestEnd'> & {
  box: string | null;
  depth: number;
  issuerId: string | null;
  agentId: string;
};

/**
 * Nodes by whom they trust: nodes with the same agents as grantees of their own drawn links are one group (its id: a hash of these).
 * In the opened group sites, in the opened site nodes have boxes of their own, the largest first; the rest share one. CTE `boxed`.
 */
export function boxesWith(now: Date, opened: { open: string; site: string }): Prisma.Sql {
  return Prisma.sql`, drawn AS MATERIALIZED (SELECT l.* FROM link l WHERE ${drawn(now)}),
    signed AS (
      SELECT l."nodeId", left(md5(string_agg(DISTINCT l."agentId"::text, ' ') || coalesce(min(s."partnerId"::text), '')), 12) AS sig,
        min(s."siteId"::text) AS site, min(s."partnerId"::text) AS partner, min(s.hostname) AS hostname
      FROM drawn l JOIN seen s ON s.id = l."nodeId" WHERE l.depth = 1 GROUP BY 1
    ), grouped AS (
      SELECT g."nodeId", CASE WHEN w.rank <= ${MOST_GROUPS} THEN g.sig ELSE 'others' END AS sig, g.site, g.partner, g.hostname
      FROM signed g JOIN (SELECT sig, row_number() OVER (ORDER BY count(*) DESC, sig) AS rank FROM signed GROUP BY 1) w ON w.sig = g.sig
    ), ranked_sites AS (
      SELECT g.sig, g.site, row_number() OVER (PARTITION BY g.sig ORDER BY g.site = ${opened.site} DESC, count(*) DESC, min(i.name), g.site) AS rank
      FROM grouped g JOIN "Site" i ON i.id = g.site::uuid WHERE g.sig = ${opened.open} GROUP BY 1, 2
    ), ranked AS (
      SELECT g.*, r.rank AS site_rank, row_number() OVER (PARTITION BY g.sig, g.site ORDER BY g.hostname, g."nodeId") AS node_rank
      FROM grouped g LEFT JOIN ranked_sites r ON r.sig = g.sig AND r.site = g.site
    ), boxed AS MATERIALIZED (
      SELECT r.*, CASE WHEN r.sig <> ${opened.open} THEN 'group:' || r.sig
          WHEN r.site = ${opened.site} THEN CASE WHEN r.node_rank <= ${MOST_BOXES} THEN 'node:' || r."nodeId" ELSE 'more:' || r.site END
          WHEN r.site_rank <= ${MOST_BOXES} THEN 'site:' || r.site ELSE 'more:' || r.sig END AS box
      FROM ranked r
    )`;
}

/** Boxes of the first column, edges, and the agents that these name. */
export async function readGraph(
  db: Tx,
  nodes: Prisma.Sql,
  opened: { open: string; site: string },
  now: Date,
): Promise<{
  boxes: BoxFacts[];
  edges: EdgeFacts[];
  agents: AgentFacts[];
  nodes: number;
  sites: number;
  seen: number;
}> {
  const sums = (prefix: string, only: Prisma.Sql) =>
    Prisma.sql`ARRAY[${Prisma.join(
      ['cpuMilli', 'memoryMiB', 'diskMiB', 'networkKbps'].map(
        (r) => Prisma.sql`coalesce(sum(l.${Prisma.raw(`"${prefix}${r}"`)}) ${only}, 0)`,
      ),
    )}]::float8[]`;
  const counting = Prisma.sql`FILTER (WHERE l.counts)`;
  const [row] = await db.$queryRaw<{ found: unknown }[]>`
    ${linksWith(nodes, now)}${boxesWith(now, opened)}, edges AS (
      SELECT CASE WHEN l.depth = 1 THEN x.box END AS box, l.depth, l."issuerId", l."agentId", count(*)::int AS links,
        ${sums('', counting)} AS rights, ${sums('issued_', Prisma.empty)} AS issued, ${sums('redeemed_', Prisma.empty)} AS redeemed,
        ${sums('passed_', Prisma.empty)} AS "passedOn", ${sums('free_', counting)} AS free,
        min(l."degreeMilli") ${counting} AS "degreeMin", max(l."degreeMilli") ${counting} AS "degreeMax",
        min(l."notAfter") ${counting} AS "earliestEnd",
        jsonb_strip_nulls(jsonb_build_object('taken-back', nullif(count(*) FILTER (WHERE l.state = 'taken-back'), 0),
          'expired', nullif(count(*) FILTER (WHERE l.state = 'expired'), 0), 'cut-off', nullif(count(*) FILTER (WHERE l.state = 'cut-off'), 0),
          'not-yet', nullif(count(*) FILTER (WHERE l.state = 'not-yet'), 0), 'ending', nullif(count(*) FILTER (WHERE l.state = 'ending'), 0),
          'in-force', nullif(count(*) FILTER (WHERE l.state = 'in-force'), 0))) AS states
      FROM drawn l LEFT JOIN boxed x ON x."nodeId" = l."nodeId" GROUP BY 1, 2, 3, 4
    )
    SELECT jsonb_build_object(
      'edges', (SELECT coalesce(jsonb_agg(e ORDER BY e.depth, e.box, e."agentId"), '[]') FROM edges e),
      'boxes', (SELECT coalesce(jsonb_agg(b ORDER BY b.nodes DESC, b.box), '[]') FROM (
        SELECT x.box, CASE WHEN x.box LIKE 'group:%' THEN 'group' WHEN x.box LIKE 'node:%' THEN 'node' WHEN x.box LIKE 'site:%' THEN 'site' ELSE 'rest' END AS kind,
          CASE WHEN x.box LIKE 'group:%' THEN x.sig WHEN x.box LIKE 'node:%' THEN min(x."nodeId"::text) WHEN x.box LIKE 'site:%' THEN min(x.site) END AS ref,
          CASE WHEN x.box LIKE 'node:%' THEN min(x.hostname) WHEN x.box LIKE 'site:%' THEN min(i.name) END AS name,
          count(*)::int AS nodes, count(DISTINCT x.site)::int AS sites, min(p.name) AS partner
        FROM boxed x JOIN "Site" i ON i.id = x.site::uuid LEFT JOIN "Partner" p ON p.id = x.partner::uuid
        GROUP BY x.box, x.sig) b),
      'agents', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'name', ${agentName('a', 'pa')}, 'partner', pa.name,
          'closed', a."adminSwitch" <> 'open' OR a."revokedAt" IS NOT NULL) ORDER BY a.urn), '[]')
        FROM "Agent" a LEFT JOIN "Partner" pa ON pa.id = a."partnerId" WHERE a.id IN (SELECT "agentId" FROM edges UNION SELECT "issuerId" FROM edges)),
      'nodes', (SELECT count(*) FROM boxed), 'sites', (SELECT count(DISTINCT site) FROM boxed), 'seen', (SELECT count(*) FROM seen)) AS found`;
  return toFacts(Found.parse(row?.found));
}

const Found = z.object({
  edges: z.array(EdgeRow.extend({ earliestEnd: z.coerce.date().nullable() })),
  boxes: z.array(BoxRow),
  agents: z.array(AgentRow),
  nodes: z.int(),
  sites: z.int(),
  seen: z.int(),
});

function toFacts(found: z.infer<typeof Found>) {
  const edges = found.edges.map(
    ({ rights, issued, redeemed, passedOn, free, degreeMin, degreeMax, states, ...e }): EdgeFacts => ({
      ...e,
      states: z.partialRecord(LinkState, z.int()).parse(states),
      rights: amounts(rights),
      use: { issued: amounts(issued), redeemed: amounts(redeemed), passedOn: amounts(passedOn), free: amounts(free) },
      degreeMilli: degreeMin === null || degreeMax === null ? null : { min: degreeMin, max: degreeMax },
    }),
  );
  return { ...found, edges };
}

/** What the graph is put together from. */
export type GraphFacts = Awaited<ReturnType<typeof readGraph>>;
export type { TrustBox };
