import { Refused } from '@/core/errors';
import { findPendingOfSlice, updatePending } from '@/server/data/requests';
import { lockSliceState } from '@/server/data/slice-changes';
import { findSliceState, updateRefused } from '@/server/data/slice-requests';
import type { Db } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import type { Person } from '../policy';

/**
 * Takes back the slice's pending request. A slice that was only asked for is `withdrawn`; one that runs goes on to its end.
 * @throws Refused WRONG_STATE when no request is pending (any more)
 */
export function withdrawSlice(db: Db, person: Person, sliceId: string, now: Date): Promise<void> {
  return db.$transaction(async (tx) => {
    const slice = await findSliceState(tx, sliceId);
    if (!slice) throw new Refused('NOT_FOUND', { kind: 'slice', id: sliceId });
    await lockSliceState(tx, sliceId); // before the request: decide-request's order of locks
    const request = await findPendingOfSlice(tx, sliceId);
    // Conditional: a PI may have decided in the meantime.
    if (!request || !(await updatePending(tx, request.id, 'withdrawn'))) {
      throw new Refused('WRONG_STATE', {
        kind: 'slice',
        id: slice.name,
        state: slice.state,
        needs: 'a pending request',
      });
    }
    if (request.kind === 'create') await updateRefused(tx, sliceId, 'withdrawn');
    await audit(
      tx,
      person,
      'slice.withdraw',
      { kind: 'slice', id: slice.name, siteId: slice.siteId },
      { kind: request.kind },
      now,
    );
    await notify(tx, { k: 'request', site: slice.siteId, slice: sliceId });
    await notify(tx, { k: 'slice', slice: sliceId });
  });
}
