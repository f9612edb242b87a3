import { inBatches } from '@/protocol/statement/batches';
import { orRefused } from '@/protocol/transport/client';
import { refusedFrom } from '@/protocol/trpc';
import { keyTargets, memberKeys } from '@/server/data/deploy/key-targets';
import { backoff, type DeployContext, isRetryable } from './context';

const IN_FLIGHT = 32;
const ATTEMPTS = 6;

/**
 * Gives every sliver of the slice the whole list of its members' keys. Idempotent; nodes that are away are tried again, and once more when they are
 * back, however late (`keysDue`).
 */
export async function setKeys(ctx: DeployContext, sliceId: string, attempt = 1): Promise<void> {
  const startedAt = new Date();
  const keys = await memberKeys(ctx.pool, sliceId);
  const targets = await keyTargets(ctx.pool, sliceId);
  const failures = (
    await inBatches(
      targets,
      async (target) => {
        try {
          await orRefused(
            ctx.callers
              .node({ address: target.address, urn: target.nodeUrn, jkt: target.jkt })
              .setKeys.mutate({ slice: target.sliceUrn, keys }, { signal: ctx.signal }),
          );
          return null;
        } catch (err) {
          ctx.signal.throwIfAborted();
          return { target, refused: refusedFrom(err) };
        }
      },
      IN_FLIGHT,
    )
  ).filter((failure) => failure !== null);
  const again = failures.some(({ refused }) => isRetryable(refused)) && attempt < ATTEMPTS;
  const endedAt = new Date();
  if (targets.length === 0) return;
  const runAt = new Date(Date.now() + backoff(attempt + 2, ctx.limits));
  await ctx.write({
    sliceId,
    sliverId: null,
    steps: [
      {
        step: 'keys',
        outcome: failures.length === 0 ? 'ok' : again ? 'retry' : 'failed',
        attempt,
        reason: failures[0]?.refused?.reason ?? null,
        startedAt,
        endedAt,
      },
    ],
    ...(again && { jobs: [{ job: { task: 'set-keys' as const, sliceId }, options: { runAt, attempt: attempt + 1 } }] }),
  });
}
