import type { Tx } from '@/server/db';

/** Memberships with their sites, by the site's name. */
export function findMemberships(db: Tx, userId: string) {
  return db.membership.findMany({
    where: { userId },
    select: { role: true, site: { select: { id: true, loginBase: true, name: true, country: true } } },
    orderBy: [{ site: { name: 'asc' } }, { role: 'asc' }],
  });
}

/** Pending requests of these sites (null: of all) that are not the person's own. */
export function countPending(db: Tx, siteIds: readonly string[] | null, notBy: string): Promise<number> {
  return db.request.count({
    where: {
      state: 'pending',
      requestedById: { not: notBy },
      ...(siteIds ? { slice: { siteId: { in: [...siteIds] } } } : {}),
    },
  });
}

/** Own slices whose term ends in (now, until], and own slices that are degraded or failed. */
export async function countOwnSlices(db: Tx, userId: string, now: Date, until: Date) {
  const mine = { members: { some: { userId } } };
  const [ending, degraded] = await Promise.all([
    db.slice.count({ where: { ...mine, state: { in: ['active', 'degraded'] }, endsAt: { gt: now, lte: until } } }),
    db.slice.count({ where: { ...mine, state: { in: ['degraded', 'failed'] } } }),
  ]);
  return { ending, degraded };
}

export function countUnread(db: Tx, userId: string): Promise<number> {
  return db.notification.count({ where: { userId, readAt: null } });
}
