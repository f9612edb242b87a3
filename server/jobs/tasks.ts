import type { TaskList } from 'graphile-worker';
import { z } from 'zod';
import { enqueueAgain } from '@/server/data/deploy/again';
import type { JobSpec } from '@/server/data/jobs';
import { backoff, type DeployContext } from '@/server/services/deploy/context';
import { expire } from '@/server/services/deploy/expire';
import { planSlice } from '@/server/services/deploy/plan';
import { runRelease } from '@/server/services/deploy/release-saga';
import { renewLeases } from '@/server/services/deploy/renew';
import { repair } from '@/server/services/deploy/repair';
import { setKeys } from '@/server/services/deploy/set-keys';
import { runSliver } from '@/server/services/deploy/sliver-saga';

const OfSlice = z.object({ sliceId: z.uuid(), attempt: z.int().min(1).default(1) });
const OfRequest = z.object({ requestId: z.uuid() });
const OfSliver = z.object({ sliverId: z.uuid(), attempt: z.int().min(1).default(1) });

/** What someone waits for: plans, keys, and the looks after everything. */
export function controlTasks(ctx: DeployContext): TaskList {
  return {
    deploy: sliceTask(
      ctx,
      'deploy',
      (sliceId) => planSlice(ctx, sliceId),
      (sliceId) => ({ task: 'deploy', sliceId }),
    ),
    'set-keys': sliceTask(
      ctx,
      'set-keys',
      (sliceId, attempt) => setKeys(ctx, sliceId, attempt),
      (sliceId) => ({ task: 'set-keys', sliceId }),
    ),
    renew: (payload) => {
      const { requestId } = OfRequest.parse(payload);
      const again = (sliceId: string): JobSpec => ({ task: 'renew', sliceId, requestId });
      return sliceTask(ctx, 'renew', (_, attempt) => renewLeases(ctx, requestId, attempt), again)(payload);
    },
    repair: () => repair(ctx),
    expire: () => expire(ctx, new Date()),
  };
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
  task: JobSpec['task'],
  run: (sliceId: string, attempt: number) => Promise<void>,
  job: (sliceId: string) => JobSpec,
) {
  return async (payload: unknown) => {
    const { sliceId, attempt } = OfSlice.parse(payload);
    try {
      await run(sliceId, attempt);
    } catch (err) {
      ctx.signal.throwIfAborted();
      ctx.log.warn({ err, task, slice: sliceId, attempt }, 'a job failed and will be tried again');
      await enqueueAgain(ctx.pool, job(sliceId), {
        attempt: attempt + 1,
        runAt: new Date(Date.now() + backoff(attempt, ctx.limits)),
      });
    }
  };
}
