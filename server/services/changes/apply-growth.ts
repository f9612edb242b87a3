import { demandChangeable } from '@/core/slice/change';
import { grown, placesOf } from '@/core/slice/placement';
import type { SliceChange } from '@/protocol/api/change';
import { enqueue } from '@/server/data/jobs';
import { type PlacedSlice, writePlacement } from '@/server/data/placed-slices';
import type { Tx } from '@/server/db';
import { demandGrowth } from './judge-growth';

/**
 * Makes the slice want more; the worker's plan brings it there. The caller has locked the quota, judged by it, and locked
 * the slice. `approved`: what it comes to counts as approved. @throws Refused WRONG_STATE, INVALID_INPUT, NOT_FOUND
 */
export async function applyGrowth(
  tx: Tx,
  slice: PlacedSlice,
  change: SliceChange,
  approved: boolean,
  now: Date,
): Promise<{ from: number; to: number }> {
  demandChangeable(slice.name, slice.state, slice.ownManager);
  await demandGrowth(tx, slice, change);
  const spec = grown(slice.spec, change);
  const to = placesOf(spec);
  const approvedCount = approved ? Math.max(slice.approvedCount, to) : slice.approvedCount;
  await writePlacement(tx, slice.id, spec, { approvedCount, growingSince: now });
  await enqueue(tx, [{ task: 'deploy', sliceId: slice.id }]);
  return { from: slice.sliverCount, to };
}
