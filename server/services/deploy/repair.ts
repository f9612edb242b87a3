import { Refused } from '@/core/errors';
import { movingSlices } from '@/server/data/deploy/moves';
import { openRenewals } from '@/server/data/deploy/renewal';
import {
  aloneAt,
  enqueueLost,
  keysDue,
  lapsedSlivers,
  pendingReleases,
  shortSlices,
  strandedSlivers,
  unsettledSlices,
} from '@/server/data/deploy/repair';
import type { DeployContext } from './context';

/**
 * Looks for what was lost or came back, and puts it on its way again: plans and sagas whose job is gone, slivers that their
 * node reports failed, releases owed by nodes that are heard of again. Safe to run at any time.
 */
export async function repair(ctx: DeployContext): Promise<void> {
  const judge: string[] = [];
  const mine = await aloneAt(ctx.pool, 'repair', async (tx) => {
    const unsettled = await unsettledSlices(tx);
    const added =
      (await enqueueLost(
        tx,
        unsettled.filter((s) => s.unplanned && s.state !== 'deleting').map((s) => ({ task: 'deploy', sliceId: s.id })),
      )) +
      (await enqueueLost(
        tx,
        (await strandedSlivers(tx)).map((sliverId) => ({ task: 'sliver', sliverId })),
      )) +
      (await enqueueLost(
        tx,
        (await pendingReleases(tx)).map((sliverId) => ({ task: 'release', sliverId })),
      )) +
      (await enqueueLost(
        tx,
        (await openRenewals(tx)).map((of) => ({ task: 'renew', ...of })),
      )) +
      (await enqueueLost(
        tx,
        (await keysDue(tx)).map((sliceId) => ({ task: 'set-keys', sliceId })),
      ));
    if (added > 0) ctx.log.info({ jobs: added }, 'took up what was lost or came back');
    judge.push(
      ...unsettled.filter((s) => s.state !== 'approved').map((s) => s.id),
      ...(await shortSlices(tx)),
      ...(await movingSlices(tx)),
    );
  });
  if (!mine) return;
  for (const sliceId of judge) await ctx.settle(sliceId);
  const now = new Date();
  for (const { id, sliceId } of await lapsedSlivers(ctx.pool, now)) {
    await ctx.write({
      sliceId,
      sliverId: id,
      steps: [{ step: 'gone', outcome: 'ok', attempt: 1, reason: null, startedAt: now, endedAt: now }],
      sliver: {
        reported: 'gone',
        reason: new Refused('LEASE_ENDED', { endedAt: now.toISOString() }).reason,
        goneAt: now,
      },
      ticket: 'lapsed',
      leaseEndedAt: now,
    });
    await ctx.settle(sliceId);
  }
}
