import { WARNINGS_SECONDS, warningDue } from '@/core/slice/warning';
import { deleteLapsed, endingSlices, suspendEnded, warn } from '@/server/data/deploy/expiry';
import { aloneAt } from '@/server/data/deploy/repair';
import type { DeployContext } from './context';

/** Warns of ends, suspends slices whose term is over, and deletes those whose grace is over. Nodes do their part by themselves. */
export async function expire(ctx: DeployContext, now: Date): Promise<void> {
  await aloneAt(ctx.pool, 'expire', async (tx) => {
    const earliest = Math.max(...WARNINGS_SECONDS) * 1000;
    for (const slice of await endingSlices(tx, new Date(now.getTime() + earliest))) {
      const times = {
        startsAt: slice.startsAt.getTime(),
        endsAt: slice.endsAt.getTime(),
        warnedAt: slice.warnedAt?.getTime() ?? null,
      };
      const left = warningDue(times, now.getTime());
      if (left !== null) await warn(tx, slice, left, now);
    }
    const suspended = await suspendEnded(tx, now);
    const deleted = await deleteLapsed(tx, now);
    if (suspended + deleted.length > 0) ctx.log.info({ suspended, deleted: deleted.length }, 'terms ended');
  });
}
