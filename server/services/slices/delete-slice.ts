import { Refused } from '@/core/errors';
import { nextSliceState } from '@/core/slice/state';
import type { SliceView } from '@/protocol/api/slice';
import { enqueue } from '@/server/data/jobs';
import { findPendingOfSlice, updatePending } from '@/server/data/requests';
import { lockSliceState, wantAllGone, writeSliceState } from '@/server/data/slice-changes';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '@/server/services/audit';
import type { Person } from '@/server/services/policy';
import { viewSlice } from './view-slice';

/**
 * Ends the slice: everything that is left of it on reachable nodes goes at once, on the others when they are back or their
 * lease ends. Idempotent. @throws Refused WRONG_STATE for one that nobody approved
 */
export async function deleteSlice(db: Db, person: Person, slice: SliceFactsRow, now: Date): Promise<SliceView> {
  await db.$transaction(async (tx) => {
    const state = await lockSliceState(tx, slice.id);
    if (state === 'deleting' || state === 'deleted') return;
    if (!state || !nextSliceState(state, 'delete')) {
      throw new Refused('WRONG_STATE', {
        kind: 'slice',
        id: slice.name,
        state: state ?? 'gone',
        needs: 'approved or later; withdraw a request instead',
      });
    }
    const pending = await findPendingOfSlice(tx, slice.id);
    if (pending) await updatePending(tx, pending.id, 'withdrawn'); // nobody can grant it any more
    const { release, left } = await wantAllGone(tx, slice.id);
    await writeSliceState(tx, slice.id, left === 0 ? 'deleted' : 'deleting', now);
    await enqueue(
      tx,
      release.map((sliverId) => ({ task: 'release', sliverId })),
    );
    await audit(
      tx,
      person,
      'slice.delete',
      { kind: 'slice', id: slice.name, siteId: slice.siteId },
      { from: state, slivers: left },
      now,
    );
    if (pending) await notify(tx, { k: 'request', site: slice.siteId, slice: slice.id });
    await notify(tx, { k: 'slice', slice: slice.id });
    if (release.length > 0) await notify(tx, { k: 'sliver', slice: slice.id, ids: release });
  });
  return viewSlice(db, person, slice.id);
}
