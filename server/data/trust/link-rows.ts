import type { z } from 'zod';
import type { LINK_SORTS, LinkRow, LinksInput, LinksPage } from '@/protocol/api/trust';
import type { Tx } from '../../db';
import { Prisma } from '../../generated/prisma/client';
import { boxesWith } from './graph';
import { drawn, FROM_LINK, linksWith, ROW, toLinkRow } from './links';

const NODE = Prisma.sql`n.hostname`;
const ORDER: Record<(typeof LINK_SORTS)[number], (resource: string) => Prisma.Sql> = {
  node: () => NODE,
  site: () => Prisma.sql`i."loginBase"`,
  grantee: () => Prisma.sql`"agentName"`,
  state: () => Prisma.sql`l.state`,
  end: () => Prisma.sql`l."notAfter"`,
  rights: (resource) => Prisma.raw(`l."${resource}"`),
  free: (resource) => Prisma.raw(`l."free_${resource}"`),
  depth: () => Prisma.sql`l.depth`,
};

/** A page of the links of these nodes, filtered and sorted, with how many match and how many there are in all. */
export async function readLinks(
  db: Tx,
  nodes: Prisma.Sql,
  input: LinksInput,
  now: Date,
): Promise<z.infer<typeof LinksPage>> {
  const boxes = input.edge === '' ? Prisma.empty : boxesWith(now, input);
  const where = Prisma.join([Prisma.sql`true`, ...filters(input, now)], ' AND ');
  const key = input.sort.replace(/^-/, '');
  const by = (Object.hasOwn(ORDER, key) ? ORDER[key as keyof typeof ORDER] : ORDER.node)(input.resource); // own key
  const direction = input.sort.startsWith('-') ? Prisma.sql`DESC` : Prisma.sql`ASC`;
  const from = input.edge === '' ? FROM_LINK : Prisma.sql`${FROM_LINK} LEFT JOIN boxed x ON x."nodeId" = l."nodeId"`;
  const rows = await db.$queryRaw<{ total: number; all: number; row: boolean }[]>`
    ${linksWith(nodes, now)}${boxes}, found AS MATERIALIZED (
      SELECT ${ROW}, row_number() OVER (ORDER BY ${by} ${direction}, n.hostname, l.depth, a.urn, l."createdAt" DESC, l.id) AS place
      ${from} WHERE ${where}
    )
    SELECT t.total, t.all, f.*, f.id IS NOT NULL AS row
    FROM (SELECT (SELECT count(*)::int FROM found) AS total, (SELECT count(*)::int FROM link) AS all) t
    LEFT JOIN (SELECT * FROM found WHERE place > ${input.offset} ORDER BY place LIMIT ${input.limit}) f ON true ORDER BY f.place`;
  const first = rows[0];
  return {
    rows: rows.filter(({ row }) => row).map(toLinkRow),
    total: first?.total ?? 0,
    all: first?.all ?? 0,
    at: now,
  };
}

function filters(input: LinksInput, now: Date): Prisma.Sql[] {
  const found: Prisma.Sql[] = [];
  if (input.edge !== '') found.push(onEdge(input.edge, now));
  else if (input.state === 'current') found.push(Prisma.sql`NOT l.replaced AND l."notAfter" > ${now} AND NOT l.void`);
  if (input.state !== 'current' && input.state !== 'all') found.push(Prisma.sql`l.state = ${input.state}`);
  if (input.q !== '') {
    const like = `%${input.q.trim().replace(/[\\%_]/g, '\\$&')}%`;
    found.push(Prisma.sql`(n.hostname ILIKE ${like} OR i."loginBase" ILIKE ${like} OR i.name ILIKE ${like})`);
  }
  if (input.grantee !== '') found.push(Prisma.sql`a.id::text = ${input.grantee}`);
  if (input.issuer === 'nodes') found.push(Prisma.sql`l."issuerId" IS NULL`);
  else if (input.issuer !== '') found.push(Prisma.sql`l."issuerId"::text = ${input.issuer}`);
  return found;
}

/** An edge's id, `<box>>agent:<id>@<depth>`, as the links it stands for. */
function onEdge(edge: string, now: Date): Prisma.Sql {
  const [from = '', to = ''] = edge.split('>');
  const [agent = '', depth = ''] = to.replace('agent:', '').split('@');
  const issuer = from.startsWith('agent:') ? from.slice('agent:'.length).split('@')[0] : null;
  const origin = issuer ? Prisma.sql`l."issuerId"::text = ${issuer}` : Prisma.sql`l.depth = 1 AND x.box = ${from}`;
  return Prisma.sql`${drawn(now)} AND a.id::text = ${agent} AND l.depth = ${Number.parseInt(depth, 10) || 0} AND ${origin}`;
}

/** All links of a node, in no order; their use as of `span`, [start, end). */
export async function readNodeLinks(
  db: Tx,
  nodeId: string,
  now: Date,
  span?: { start: Date; end: Date },
): Promise<LinkRow[]> {
  const rows = await db.$queryRaw<unknown[]>`
    ${linksWith(Prisma.sql`n.id = ${nodeId}::uuid`, now, span)} SELECT ${ROW} ${FROM_LINK}`;
  return rows.map(toLinkRow);
}
