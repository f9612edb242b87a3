import { Refused } from '@/core/errors';
import type { SliceView } from '@/protocol/api/slice';
import { enqueue } from '@/server/data/jobs';
import { lockSliceState, writeSliceState } from '@/server/data/slice-changes';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '@/server/services/audit';
import type { Person } from '@/server/services/policy';
import { viewSlice } from './view-slice';

/**
 * Plans a failed or degraded slice again; nodes that failed it may be tried again. Idempotent while it is deploying.
 * @throws Refused WRONG_STATE
 */
export async function retrySlice(db: Db, person: Person, slice: SliceFactsRow, now: Date): Promise<SliceView> {
  await db.$transaction(async (tx) => {
    const state = await lockSliceState(tx, slice.id);
    if (state === 'deploying') return;
    if (state !== 'failed' && state !== 'degraded') {
      throw new Refused('WRONG_STATE', {
        kind: 'slice',
        id: slice.name,
        state: state ?? 'gone',
        needs: 'failed or degraded',
      });
    }
    await writeSliceState(tx, slice.id, 'deploying', now);
    await audit(
      tx,
      person,
      'slice.retry',
      { kind: 'slice', id: slice.name, siteId: slice.siteId },
      { from: state },
      now,
    );
    await enqueue(tx, [{ task: 'deploy', sliceId: slice.id }]);
    await notify(tx, { k: 'slice', slice: slice.id });
  });
  return viewSlice(db, person, slice.id);
}
