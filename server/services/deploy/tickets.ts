import { createHash } from 'node:crypto';
import type { Reason } from '@/core/errors';
import { SliceSpec } from '@/protocol/api/slice';
import { decodeUnverified } from '@/protocol/statement/verify';
import { orRefused } from '@/protocol/transport/client';
import { type PlanSlice, type PlanSliver, storeTickets } from '@/server/data/deploy/slice-plan';
import type { DeployContext } from './context';

/**
 * Asks the agent for the tickets of slivers that have none. Batches are cut from all slivers that were added together, so
 * that after a crash the same batches are asked for under the same keys, and the agent answers with the same tickets.
 */
export async function askTickets(ctx: DeployContext, slice: PlanSlice, slivers: readonly PlanSliver[]): Promise<void> {
  if (!slice.startsAt || !slice.endsAt || !slice.ownerUrn) return;
  const rounds = new Map<number, PlanSliver[]>();
  for (const v of slivers) rounds.set(v.createdAt.getTime(), [...(rounds.get(v.createdAt.getTime()) ?? []), v]);
  const batches = [...rounds.values()].flatMap((round) => {
    const sorted = round.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return Array.from({ length: Math.ceil(sorted.length / ctx.limits.ticketBatch) }, (_, i) =>
      sorted.slice(i * ctx.limits.ticketBatch, (i + 1) * ctx.limits.ticketBatch),
    );
  });
  const due = batches.filter((batch) => batch.some(lacksTicket));
  await Promise.all(due.map((batch) => askBatch(ctx, slice, batch)));
}

const lacksTicket = (v: PlanSliver) => !v.ticketed && !v.goneAt && v.desired === 'running' && v.reported === 'pending';

async function askBatch(ctx: DeployContext, slice: PlanSlice, batch: readonly PlanSliver[]): Promise<void> {
  const startedAt = new Date();
  const agent = await ctx.callers.agent();
  const answer = await orRefused(
    agent.issue.mutate(
      {
        idempotencyKey: createHash('sha256')
          .update(`${batch.map((v) => v.id).join()} ${slice.endsAt?.toISOString()}`) // a renewal may have moved the end
          .digest('base64url'),
        slice: slice.urn,
        sub: slice.ownerUrn ?? '',
        resources: SliceSpec.parse(slice.spec).resources,
        nodes: batch.map((v) => v.nodeUrn),
        start: Math.floor(termStart(slice, batch) / 1000),
        end: Math.floor((slice.endsAt?.getTime() ?? 0) / 1000),
        graceSeconds: slice.graceSeconds,
      },
      { signal: ctx.signal },
    ),
  );
  const lacking = new Map(batch.filter(lacksTicket).map((v) => [v.nodeUrn, v]));
  const tickets = answer.tickets.flatMap(({ node, iss, jti, ticket }) => {
    const sliver = lacking.get(node);
    if (!sliver) return [];
    const { claims } = decodeUnverified('ticket+jwt', ticket); // the node verifies it; here its times are only kept
    return [
      {
        sliverId: sliver.id,
        iss,
        jti,
        text: ticket,
        startsAt: at(claims.start),
        endsAt: at(claims.end),
        notBefore: at(claims.nbf),
        notAfter: at(claims.exp),
      },
    ];
  });
  await storeTickets(ctx.pool, slice.id, tickets, ctx.worker, startedAt);
  await Promise.all(
    answer.refused.map(({ node, reason }) => {
      const sliver = lacking.get(node);
      return sliver && refusedTicket(ctx, slice, sliver, reason as Reason, startedAt); // a code of our own agent, or shown as it is
    }),
  );
}

/** Nothing was sent to the node: the sliver is gone at once, and another node may stand in. */
async function refusedTicket(
  ctx: DeployContext,
  slice: PlanSlice,
  sliver: PlanSliver,
  reason: Reason,
  startedAt: Date,
): Promise<void> {
  const endedAt = new Date();
  await ctx.write({
    sliceId: slice.id,
    sliverId: sliver.id,
    steps: [{ step: 'ticket', outcome: 'failed', attempt: 1, reason, startedAt, endedAt }],
    sliver: { reported: 'failed', reason, desired: 'gone', goneAt: endedAt },
  });
}

/** A sliver added later begins later: its node may not have been there when the slice began. The same for a batch whenever it is asked for. */
function termStart(slice: PlanSlice, batch: readonly PlanSliver[]): number {
  return Math.max(slice.startsAt?.getTime() ?? 0, batch[0]?.createdAt.getTime() ?? 0);
}

const at = (seconds: number) => new Date(seconds * 1000);
