import { type Reason, Refused } from '@/core/errors';
import { judgeRenewal, renewalReason } from '@/core/slice/renewal';
import { inBatches } from '@/protocol/statement/batches';
import { refusedFrom } from '@/protocol/trpc';
import {
  loadRenewal,
  loadRenewalSlivers,
  moveEnd,
  type Renewal,
  type RenewalSliver,
  type RenewedSliver,
  settleRenewal,
  writeRenewed,
} from '@/server/data/deploy/renewal';
import { Batcher } from './batcher';
import { backoff, type DeployContext, isRetryable } from './context';
import { renewOnNode } from './renew-on-node';
import { renewalTickets } from './renewal-tickets';
import { giveUp } from './sliver-saga';

const IN_FLIGHT = 48;
/** A node that will not renew now, though it could be asked, is asked again this often until the old lease ends. */
const RELUCTANT_MS = 3_600_000;

/** Why a sliver is not renewed, and whether that may change by itself soon. */
type Failure = { reason: Reason; hopeful: boolean };

/**
 * Renews a slice's leases to the end that was approved: tickets for all slivers that do not have it, each taken to its node. The
 * slice's own end, which is what people were promised, moves once enough of them are renewed. What is not renewed is tried again until
 * its old lease ends (or, where that was over when it was approved, its grace), then given up and replaced where the slice
 * allows it. It starts from the rows, so it may run twice, be killed anywhere, and run again.
 */
export async function renewLeases(ctx: DeployContext, requestId: string, attempt = 1): Promise<void> {
  const renewal = await loadRenewal(ctx.pool, requestId);
  if (!renewal) return;
  const now = new Date();
  if (!['deploying', 'active', 'degraded', 'suspended'].includes(renewal.state))
    return settleRenewal(ctx.pool, renewal, now); // deleted meanwhile
  const due = (await loadRenewalSlivers(ctx.pool, renewal.sliceId, renewal.leaseEnd)).filter(
    (v) => v.leaseJti !== null && !hasTarget(v, renewal),
  );
  const failures = await renewAll(ctx, renewal, due, attempt);
  await ctx.settle(renewal.sliceId);
  await conclude(ctx, renewal, failures, attempt);
}

const hasTarget = (v: RenewalSliver, { leaseEnd }: Renewal) => v.leaseEndsAt !== null && v.leaseEndsAt >= leaseEnd;

async function renewAll(
  ctx: DeployContext,
  renewal: Renewal,
  due: readonly RenewalSliver[],
  attempt: number,
): Promise<Map<string, Failure>> {
  const startedAt = new Date();
  const writer = new Batcher<RenewedSliver, undefined>(
    async (renewed) => {
      await writeRenewed(ctx.pool, ctx.worker, renewed);
      return renewed.map(() => undefined);
    },
    { most: 200, gatherMs: 8 },
  );
  const failures = new Map<string, Failure>();
  const fail = async (v: RenewalSliver, said: Reason, hopeful: boolean, since: Date) => {
    const reason = renewalReason(said, v.hostname, v.leaseEndsAt);
    failures.set(v.id, { reason, hopeful });
    if (v.reason?.code === reason.code && attempt > 1) return; // said already
    const step = { step: 'renew', outcome: 'retry' as const, attempt, reason, startedAt: since, endedAt: new Date() };
    await ctx.write({ sliceId: renewal.sliceId, sliverId: v.id, steps: [step], sliver: { reason } });
  };
  const { tickets, refused } = await renewalTickets(ctx, renewal, due, attempt);
  await inBatches(
    due,
    async (v) => {
      const texts = tickets.get(v.id);
      if (!texts) {
        const reason = refused.get(v.id) ?? new Refused('NOT_ADVERTISED', { node: v.hostname }).reason;
        return fail(v, reason, isRetryable(new Refused(reason.code, reason.facts)), startedAt);
      }
      const began = new Date();
      try {
        await writer.add({ ...(await renewOnNode(ctx, renewal, v, texts)), attempt, startedAt: began });
      } catch (err) {
        ctx.signal.throwIfAborted();
        const said = refusedFrom(err);
        if (!said) ctx.log.warn({ err, sliver: v.id, node: v.nodeUrn }, 'a lease could not be renewed');
        const reason = said?.reason ?? unknownTrouble(v);
        await fail(v, reason, isRetryable(said), began);
      }
    },
    IN_FLIGHT,
  );
  return failures;
}

function unknownTrouble(v: RenewalSliver): Reason {
  return new Refused('NODE_UNREACHABLE', { node: v.hostname, cause: 'it answered with an error of its own' }).reason;
}

/** Until when a sliver may still be renewed: in the grace only when its lease was over before anybody could renew it. Epoch ms. */
function deadlineOf(v: RenewalSliver, { decidedAt, graceSeconds, endsAt }: Renewal): number {
  const end = (v.leaseEndsAt ?? endsAt).getTime();
  return end > decidedAt.getTime() ? end : end + graceSeconds * 1000;
}

/** Judges how far it came; moves the end, gives up, comes back later, or ends the renewal. */
async function conclude(
  ctx: DeployContext,
  renewal: Renewal,
  failures: ReadonlyMap<string, Failure>,
  attempt: number,
): Promise<void> {
  const now = new Date();
  const slivers = await loadRenewalSlivers(ctx.pool, renewal.sliceId, renewal.leaseEnd);
  const left = slivers.filter((v) => !hasTarget(v, renewal));
  const over = (v: RenewalSliver) => deadlineOf(v, renewal) <= now.getTime();
  // One that is still being deployed gets its lease first.
  const hopeful = left.filter((v) => !over(v) && (failures.get(v.id)?.hopeful ?? true));
  const renewed = slivers.length - left.length;
  const verdict = judgeRenewal({ renewed, remaining: left.length, hopeful: hopeful.length, minimum: renewal.minimum });
  const reason = firstReason(left, failures);
  if (verdict === 'fail') {
    const step = { step: 'renew', outcome: 'failed' as const, attempt, reason, startedAt: now, endedAt: new Date() };
    await ctx.write({ sliceId: renewal.sliceId, sliverId: null, steps: [step] });
    return settleRenewal(
      ctx.pool,
      renewal,
      now,
      reason ?? new Refused('BELOW_MINIMUM', { running: renewed, minimum: renewal.minimum }).reason,
    );
  }
  if (verdict === 'move') {
    await moveEnd(ctx.pool, renewal, { renewed, all: slivers.length }, now);
    for (const v of left.filter(over)) await abandon(ctx, v, failures.get(v.id)?.reason ?? v.reason, now, attempt);
    await ctx.settle(renewal.sliceId);
  }
  const open = verdict === 'move' ? left.filter((v) => !over(v)) : left;
  if (open.length === 0) return settleRenewal(ctx.pool, renewal, now);
  const pause = hopeful.length > 0 ? backoff(attempt, ctx.limits) : RELUCTANT_MS;
  const ends = open.map((v) => deadlineOf(v, renewal)).filter((end) => end > now.getTime());
  const runAt = new Date(Math.min(now.getTime() + pause, ...ends));
  await ctx.write({
    sliceId: renewal.sliceId,
    sliverId: null,
    steps: [],
    jobs: [
      {
        job: { task: 'renew', sliceId: renewal.sliceId, requestId: renewal.requestId },
        options: { runAt, attempt: attempt + 1 },
      },
    ],
  });
}

function firstReason(left: readonly RenewalSliver[], failures: ReadonlyMap<string, Failure>): Reason | null {
  return left.map((v) => failures.get(v.id)?.reason ?? v.reason).find((reason) => reason !== null) ?? null;
}

/** Its lease is over and the slice goes on without it: failed with why, released, and another may take its place. */
async function abandon(
  ctx: DeployContext,
  v: RenewalSliver,
  why: Reason | null,
  now: Date,
  attempt: number,
): Promise<void> {
  const saga = await ctx.load(v.id);
  if (!saga || saga.goneAt) return;
  const reason = why ?? new Refused('LEASE_ENDED', { endedAt: (v.leaseEndsAt ?? now).toISOString() }).reason;
  await giveUp(
    ctx,
    saga,
    { step: 'renew', outcome: 'failed', attempt, reason, startedAt: now, endedAt: new Date() },
    reason,
  );
}
