import type { TaskList } from 'graphile-worker';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { enqueueAgain } from '@/server/data/deploy/again';
import type { JobSpec } from '@/server/data/jobs';
import { backoff, type DeployContext } from '@/server/services/deploy/context';
import { expire } from '@/server/services/deploy/expire';
import { planSlice } from '@/server/services/deploy/plan';
import { runRelease } from '@/server/services/deploy/release-saga';
import { repair } from '@/server/services/deploy/repair';
import { setKeys } from '@/server/services/deploy/set-keys';
import { runSliver } from '@/server/services/deploy/sliver-saga';

const OfSlice = z.object({ sliceId: z.uuid(), attempt: z.int().min(1).default(1) });
const OfSliver = z.object({ sliverId: z.uuid(), attempt: z.int().min(1).default(1) });

/** What someone waits for: plans, keys, and the looks after everything. */
export function controlTasks(ctx: DeployContext): TaskList {
  return {
    deploy: sliceTask(ctx, 'deploy', (sliceId) => planSlice(ctx, sliceId)),
    'set-keys': sliceTask(ctx, 'set-keys', (sliceId, attempt) => setKeys(ctx, sliceId, attempt)),
    renew: (payload) => refuseRenewal(ctx, payload),
    repair: () => repair(ctx),
    expire: () => expire(ctx, new Date()),
  };
}

/** Node managers cannot renew a lease yet (decision 0015): a renewal that was approved all the same is said not to be done. */
async function refuseRenewal(ctx: DeployContext, payload: unknown): Promise<void> {
  const { sliceId } = OfSlice.parse(payload);
  const at = new Date();
  const facts = { kind: 'slice', id: sliceId, state: 'leased', needs: 'node managers that renew leases' };
  const reason = new Refused('WRONG_STATE', facts).reason;
  await ctx.write({
    sliceId,
    sliverId: null,
    steps: [{ step: 'renew', outcome: 'failed', attempt: 1, reason, startedAt: at, endedAt: at }],
  });
}

/** The many: one job for each sliver. */
export function sliverTasks(ctx: DeployContext): TaskList {
  return {
    sliver: async (payload) => {
      const { sliverId } = OfSliver.parse(payload);
      await runSliver(ctx, sliverId);
    },
    release: async (payload) => {
      const { sliverId, attempt } = OfSliver.parse(payload);
      await runRelease(ctx, sliverId, attempt);
    },
  };
}

/**
 * A job of a slice that failed for a reason of no one's choice (an agent or a database that is away) comes back by itself,
 * soon at first: the queue's own waits grow to hours.
 */
function sliceTask(
  ctx: DeployContext,
  task: 'deploy' | 'set-keys',
  run: (sliceId: string, attempt: number) => Promise<void>,
) {
  return async (payload: unknown) => {
    const { sliceId, attempt } = OfSlice.parse(payload);
    try {
      await run(sliceId, attempt);
    } catch (err) {
      ctx.signal.throwIfAborted();
      ctx.log.warn({ err, task, slice: sliceId, attempt }, 'a job failed and will be tried again');
      const job: JobSpec = { task, sliceId };
      await enqueueAgain(ctx.pool, job, {
        attempt: attempt + 1,
        runAt: new Date(Date.now() + backoff(attempt, ctx.limits)),
      });
    }
  };
}
