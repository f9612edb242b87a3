import type { AuditFilter } from '@/protocol/api/audit';
import type { ChainedRow } from '@/protocol/audit/chain';
import type { AuditSeal } from '@/protocol/audit/seal';
import type { Tx } from '../db';
import { Prisma } from '../generated/prisma/client';

/** Whose rows: all, or what a person did, what was done at their sites, and to slices that they are members of while these lived. */
export type AuditSight = 'all' | { userId: string; siteIds: readonly string[] };

export type TrailRow = ChainedRow & {
  actorName: string | null;
  objectName: string | null;
  nodeId: string | null;
  site: string | null;
};

const CHAINED = Prisma.sql`c.seq::text, e.id::text, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, e."actorId", e.actor,
  e.action, e."objectKind", e."objectId", e."siteId"::text AS "siteId", e.facts, encode(c.prev, 'hex') AS prev, encode(c.hash, 'hex') AS hash`;

/** Rows that match, newest first, before `before`. */
export function findTrail(
  db: Tx,
  sight: AuditSight,
  filter: AuditFilter,
  page: { before?: string | undefined; limit: number },
): Promise<TrailRow[]> {
  const before = page.before === undefined ? Prisma.sql`true` : Prisma.sql`c.seq < ${page.before}::bigint`;
  return db.$queryRaw<TrailRow[]>`
    SELECT ${CHAINED}, u.name AS "actorName", t."loginBase" AS site, n.id::text AS "nodeId",
      coalesce(n.hostname, CASE e."objectKind"
        WHEN 'site' THEN (SELECT o.name FROM "Site" o WHERE o."loginBase" = e."objectId")
        WHEN 'person' THEN (SELECT w.email FROM "User" w WHERE w.id = e."objectId")
      END) AS "objectName"
    FROM "AuditChain" c JOIN "AuditEvent" e ON e.id = c."eventId"
    LEFT JOIN "User" u ON u.id = e."actorId" LEFT JOIN "Site" t ON t.id = e."siteId"
    LEFT JOIN LATERAL (
      SELECT n.id, n.hostname FROM "Node" n WHERE e."objectKind" = 'node' AND n.urn = e."objectId"
      UNION ALL SELECT n.id, n.hostname FROM "Node" n WHERE e."objectKind" = 'node' AND n.id::text = e."objectId" LIMIT 1
    ) n ON true
    WHERE ${before} AND ${matches(sight, filter)} ORDER BY c.seq DESC LIMIT ${page.limit}`;
}

/** How many match, counted no further than `most` + 1. */
export async function countTrail(db: Tx, sight: AuditSight, filter: AuditFilter, most: number): Promise<number> {
  const rows = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM (SELECT FROM "AuditEvent" e WHERE ${matches(sight, filter)} LIMIT ${most + 1}) x`;
  return rows[0]?.count ?? 0;
}

/** Rows after `after` in the order of the chain, with which of them matter; for exports. */
export function readTrail(
  db: Tx,
  sight: AuditSight,
  filter: AuditFilter,
  page: { after: string; limit: number },
): Promise<ChainedRow[]> {
  return db.$queryRaw<ChainedRow[]>`
    SELECT ${CHAINED} FROM "AuditChain" c JOIN "AuditEvent" e ON e.id = c."eventId"
    WHERE c.seq > ${page.after}::bigint AND ${matches(sight, filter)} ORDER BY c.seq LIMIT ${page.limit}`;
}

/** The chain as it stands, also where its row is gone: what a check follows. */
export function readChain(
  db: Tx,
  page: { after: string; limit: number },
): Promise<(ChainedRow | { seq: string; id: null })[]> {
  return db.$queryRaw`
    SELECT ${CHAINED} FROM "AuditChain" c LEFT JOIN "AuditEvent" e ON e.id = c."eventId"
    WHERE c.seq > ${page.after}::bigint ORDER BY c.seq LIMIT ${page.limit}`;
}

/** Rows that the chain knows nothing of. */
export async function countUnchained(db: Tx): Promise<number> {
  const rows = await db.$queryRaw<{ count: number }[]>`
    SELECT count(*)::int AS count FROM "AuditEvent" e WHERE NOT EXISTS (SELECT FROM "AuditChain" c WHERE c."eventId" = e.id)`;
  return rows[0]?.count ?? 0;
}

export async function findHead(db: Tx): Promise<{ seq: string; hash: string } | null> {
  const rows = await db.$queryRaw<{ seq: string; hash: string }[]>`
    SELECT c.seq::text, encode(c.hash, 'hex') AS hash FROM "AuditChain" c ORDER BY c.seq DESC LIMIT 1`;
  return rows[0] ?? null;
}

/** Every seal, oldest first; there is at most one a minute. */
export async function findSeals(db: Tx, page: { after: string; limit: number }): Promise<AuditSeal[]> {
  const rows = await db.auditSeal.findMany({
    where: { seq: { gt: BigInt(page.after) } },
    orderBy: { seq: 'asc' },
    take: page.limit,
  });
  return rows.map(({ seq, hash, at, ...rest }) => {
    return { seq: String(seq), hash: Buffer.from(hash).toString('hex'), at: at.toISOString(), ...rest };
  });
}

export async function findLastSeal(db: Tx): Promise<{ seq: string } | null> {
  const row = await db.auditSeal.findFirst({ orderBy: { seq: 'desc' }, select: { seq: true } });
  return row && { seq: String(row.seq) };
}

/** Another worker's seal of the same row stands. */
export async function insertSeal(db: Tx, seal: AuditSeal): Promise<void> {
  const { seq, hash, at, ...rest } = seal;
  const row = { seq: BigInt(seq), hash: Buffer.from(hash, 'hex'), at: new Date(at), ...rest };
  await db.auditSeal.createMany({ data: [row], skipDuplicates: true });
}

function matches(sight: AuditSight, filter: AuditFilter): Prisma.Sql {
  const { q, actor, action, objectKind, objectId, site, from, to } = filter;
  const words = (q ?? '').split(/\s+/).filter(Boolean).slice(0, 8);
  const all: (Prisma.Sql | false)[] = [
    sight !== 'all' &&
      Prisma.sql`(e."actorId" = ${sight.userId} OR e."siteId" = ANY(${[...sight.siteIds]}::uuid[])
        OR (e."objectKind" = 'slice' AND EXISTS (
          SELECT FROM "Slice" s JOIN "SliceMember" m ON m."sliceId" = s.id AND m."userId" = ${sight.userId}
          WHERE s.name = e."objectId" AND e.at >= s."createdAt" AND (s."deletedAt" IS NULL OR e.at <= s."deletedAt"))))`,
    ...words.map((word) => {
      const like = `%${word.replace(/[\\%_]/g, '\\$&')}%`;
      return Prisma.sql`(e.actor ILIKE ${like} OR e.action ILIKE ${like} OR e."objectId" ILIKE ${like} OR e.facts::text ILIKE ${like})`;
    }),
    actor !== undefined && Prisma.sql`e.actor = ${actor}`,
    action !== undefined &&
      (action.endsWith('.') ? Prisma.sql`starts_with(e.action, ${action})` : Prisma.sql`e.action = ${action}`),
    objectKind !== undefined && Prisma.sql`e."objectKind" = ${objectKind}`,
    objectId !== undefined && Prisma.sql`e."objectId" = ${objectId}`,
    site !== undefined && Prisma.sql`e."siteId" = (SELECT id FROM "Site" WHERE "loginBase" = ${site})`,
    from !== undefined && Prisma.sql`e.at >= ${from}`,
    to !== undefined && Prisma.sql`e.at < ${to}`,
  ];
  return Prisma.join([Prisma.sql`true`, ...all.filter((one) => one !== false)], ' AND ');
}
