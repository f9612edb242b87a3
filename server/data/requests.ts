import type { Tx } from '@/server/db';

/** Whose request of which site. */
export async function findRequestFacts(db: Tx, requestId: string) {
  const row = await db.request.findUnique({
    where: { id: requestId },
    select: { id: true, sliceId: true, requestedById: true, slice: { select: { siteId: true } } },
  });
  return row && { id: row.id, sliceId: row.sliceId, requestedById: row.requestedById, siteId: row.slice.siteId };
}
