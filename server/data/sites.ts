import type { Tx } from '@/server/db';

/** A site's place in the policy. */
export async function findSiteFacts(db: Tx, loginBase: string) {
  const row = await db.site.findUnique({ where: { loginBase }, select: { id: true, loginBase: true } });
  return row && { siteId: row.id, loginBase: row.loginBase };
}

const ref = { id: true, loginBase: true, name: true, country: true } as const;

export function findSiteRef(db: Tx, where: { id: string } | { loginBase: string }) {
  return db.site.findUnique({ where, select: ref });
}

/** Sites with counts, by name: those of `ids`, or all. */
export async function findSites(db: Tx, ids: readonly string[] | null) {
  const rows = await db.site.findMany({
    where: ids ? { id: { in: [...ids] } } : {},
    select: { ...ref, source: true, _count: { select: { nodes: true } } },
    orderBy: { name: 'asc' },
    take: 5000,
  });
  const of = { siteId: { in: rows.map((row) => row.id) } };
  const [people, slices] = await Promise.all([
    db.membership.groupBy({ by: ['siteId', 'userId'], where: of }),
    db.slice.groupBy({
      by: ['siteId'],
      where: { ...of, state: { notIn: ['rejected', 'withdrawn', 'deleted'] } },
      _count: true,
    }),
  ]);
  const peopleOf = new Map<string, number>();
  for (const { siteId } of people) peopleOf.set(siteId, (peopleOf.get(siteId) ?? 0) + 1);
  const slicesOf = new Map(slices.map((row) => [row.siteId, row._count]));
  return rows.map(({ _count, ...site }) => ({
    ...site,
    nodes: _count.nodes,
    people: peopleOf.get(site.id) ?? 0,
    slices: slicesOf.get(site.id) ?? 0,
  }));
}

/** The site with its people and open invites. */
export function findSiteDetail(db: Tx, siteId: string, now: Date) {
  return db.site.findUnique({
    where: { id: siteId },
    select: {
      ...ref,
      urn: true,
      city: true,
      memberships: {
        select: { role: true, createdAt: true, user: { select: { id: true, name: true, email: true } } },
        orderBy: [{ role: 'asc' }, { user: { name: 'asc' } }],
        take: 2000,
      },
      invites: {
        where: { acceptedAt: null, revokedAt: null, expiresAt: { gt: now } },
        select: {
          id: true,
          email: true,
          role: true,
          operator: true,
          expiresAt: true,
          invitedBy: { select: { name: true } },
        },
        orderBy: { createdAt: 'desc' },
        take: 500,
      },
      _count: { select: { nodes: true } },
    },
  });
}

/** Locks the site's row until the transaction ends. */
export async function lockSite(tx: Tx, siteId: string): Promise<void> {
  await tx.$queryRaw`SELECT 1 FROM "Site" WHERE id = ${siteId}::uuid FOR UPDATE`;
}
