import { z } from 'zod';
import { PersonRef, Reason, SiteRef, SliceState } from '@/protocol/api/common';
import type { SliceListItem } from '@/protocol/api/slice';
import type { Tx } from '../db';
import { Prisma } from '../generated/prisma/client';

const Row = z.object({
  id: z.string(),
  name: z.string(),
  site: SiteRef,
  owner: PersonRef,
  state: SliceState,
  reason: Reason.nullable(),
  sliverCount: z.int(),
  running: z.int(),
  failed: z.int(),
  countries: z.int(),
  startsAt: z.date().nullable(),
  endsAt: z.date().nullable(),
  createdAt: z.date(),
});

/** Which slices: all (null), or those that the person is a member of or whose site is among these. */
export type SliceFilter = { memberId: string; siteIds: readonly string[] } | null;

/** Slices as lists show them, newest first, at most 1,000. Countries are those where slivers run. */
export function findSliceItems(db: Tx, filter: SliceFilter, includeOver: boolean): Promise<SliceListItem[]> {
  const visible = filter
    ? Prisma.sql`(s."siteId" = ANY(${[...filter.siteIds]}::uuid[]) OR EXISTS (SELECT 1 FROM "SliceMember" m WHERE m."sliceId" = s.id AND m."userId" = ${filter.memberId}))`
    : Prisma.sql`true`;
  const over = includeOver ? Prisma.sql`true` : Prisma.sql`s.state NOT IN ('rejected', 'withdrawn', 'deleted')`;
  return select(db, Prisma.sql`WHERE ${visible} AND ${over} ORDER BY s."createdAt" DESC, s.id LIMIT 1000`);
}

export async function findSliceItem(db: Tx, id: string): Promise<SliceListItem | null> {
  return (await select(db, Prisma.sql`WHERE s.id = ${id}::uuid`))[0] ?? null;
}

async function select(db: Tx, rest: Prisma.Sql): Promise<SliceListItem[]> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT s.id::text, s.name, s.state::text, s.reason, s."sliverCount", s."startsAt", s."endsAt", s."createdAt",
      json_build_object('id', t.id, 'loginBase', t."loginBase", 'name', t.name, 'country', t.country) AS site,
      json_build_object('id', u.id, 'name', u.name, 'email', u.email) AS owner,
      v.running, v.failed, v.countries
    FROM "Slice" s
    JOIN "Site" t ON t.id = s."siteId"
    JOIN "User" u ON u.id = s."ownerId"
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE v.reported = 'running' AND v."goneAt" IS NULL)::int AS running,
        count(*) FILTER (WHERE v.reported = 'failed' AND v."givenUpAt" IS NULL)::int AS failed,
        count(DISTINCT n.country) FILTER (WHERE v.reported = 'running' AND v."goneAt" IS NULL)::int AS countries
      FROM "Sliver" v JOIN "Node" n ON n.id = v."nodeId" WHERE v."sliceId" = s.id
    ) v
    ${rest}`;
  return rows.map((row) => Row.parse(row));
}
