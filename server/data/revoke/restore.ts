import type { Tx } from '@/server/db';

/** Lifts what an act holds back; how many rows that changed, or null when there is no such act on delegations. */
export async function liftHold(tx: Tx, actId: string, now: Date): Promise<number | null> {
  const where = { actId, kind: 'delegation' };
  if ((await tx.revocation.count({ where })) === 0) return null;
  return (await tx.revocation.updateMany({ where: { ...where, liftedAt: null }, data: { liftedAt: now } })).count;
}
