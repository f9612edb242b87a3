import { enqueue } from '@/server/data/jobs';
import { findKeyedSliceIds } from '@/server/data/ssh-keys';
import type { Tx } from '@/server/db';

/** Has each of the person's live slices send its whole list of keys to its nodes: one job a slice, after commit. */
export async function pushKeys(tx: Tx, userId: string): Promise<void> {
  const sliceIds = await findKeyedSliceIds(tx, userId);
  await enqueue(
    tx,
    sliceIds.map((sliceId) => ({ task: 'set-keys', sliceId })),
  );
}
