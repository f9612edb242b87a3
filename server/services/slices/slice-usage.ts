import type { SliceUsage } from '@/protocol/api/usage';
import { silentSlivers, sliceTotals, sliceTrend, sliverLimits, sliverUsage } from '@/server/data/usage';
import type { Tx } from '@/server/db';

/** What a slice uses, now and in all, as its nodes said. */
export async function sliceUsage(db: Tx, sliceId: string, now: Date): Promise<SliceUsage> {
  const [limits, rows, silent, trend, totals] = await Promise.all([
    sliverLimits(db, sliceId),
    sliverUsage(db, sliceId),
    silentSlivers(db, sliceId),
    sliceTrend(db, sliceId, now),
    sliceTotals(db, sliceId),
  ]);
  return { limits, rows, silent, trend, totals };
}
