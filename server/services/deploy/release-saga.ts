import { type Reason, Refused } from '@/core/errors';
import { jwkFromRaw } from '@/protocol/statement/keys';
import type { TicketReceiptClaims } from '@/protocol/statement/schemas';
import { verifyStatementAsync } from '@/protocol/statement/verify';
import { orRefused } from '@/protocol/transport/client';
import { refusedFrom } from '@/protocol/trpc';
import type { SagaState } from '@/server/data/deploy/saga';
import { backoff, type DeployContext } from './context';
import { nodeOf } from './sliver-saga';

/** Attempts before it is left to the repair job, which goes on when the node is heard of again. */
const ATTEMPTS = 3;

/**
 * Takes a sliver off its node: ends its lease there and burns its ticket, so that a late retry cannot bring it back. Idempotent. A node that is
 * away gets it when it is back; at the latest its lease ends by itself, and then the sliver counts as gone.
 */
export async function runRelease(ctx: DeployContext, sliverId: string, attempt = 1): Promise<void> {
  const saga = await ctx.load(sliverId);
  if (!saga || saga.goneAt || saga.desired !== 'gone') return;
  const startedAt = new Date();
  try {
    if (saga.ticketText || saga.leaseJti) await release(ctx, saga, startedAt);
    else await gone(ctx, saga, startedAt, {}); // nothing was ever sent to the node
  } catch (err) {
    ctx.signal.throwIfAborted();
    await notYet(ctx, saga, attempt, startedAt, err);
  }
  await ctx.settle(saga.sliceId);
}

async function release(ctx: DeployContext, saga: SagaState, startedAt: Date): Promise<void> {
  // A partner's node burns only what it is shown.
  const shown = saga.ticketText ? { ticket: saga.ticketText } : {};
  const burn = saga.ticketIss && saga.ticketJti ? [{ iss: saga.ticketIss, jti: saga.ticketJti, ...shown }] : [];
  const answer = await orRefused(
    nodeOf(ctx, saga).release.mutate({ slice: saga.sliceUrn, burn }, { signal: ctx.signal }),
  );
  const key = jwkFromRaw(saga.publicKey ?? '');
  const receipts = await Promise.all(
    answer.receipts.map(async (text) => ({ text, claims: await verifyStatementAsync('receipt+jwt', text, key) })),
  );
  const ours = receipts.flatMap(({ text, claims }) =>
    'ticket' in claims && claims.node === saga.nodeUrn && claims.slice === saga.sliceUrn ? [{ text, claims }] : [],
  );
  const burnt = ours.some(({ claims }) => claims.kind === 'burnt' && claims.ticket.jti === saga.ticketJti);
  await gone(ctx, saga, startedAt, { ...(burnt && { ticket: 'burnt' as const }), leaseEndedAt: new Date() });
  await giveBack(ctx, saga, ours);
}

async function gone(
  ctx: DeployContext,
  saga: SagaState,
  startedAt: Date,
  more: { ticket?: 'burnt' | 'lapsed'; leaseEndedAt?: Date },
): Promise<void> {
  const at = new Date();
  const failed = saga.reported === 'failed'; // keeps saying why it failed
  await ctx.write({
    sliceId: saga.sliceId,
    sliverId: saga.id,
    steps: [{ step: 'release', outcome: 'ok', attempt: 1, reason: null, startedAt, endedAt: at }],
    sliver: {
      goneAt: at,
      ...(!failed && {
        reported: 'gone',
        reason: lastWord(saga),
        lastSeen: at,
      }),
    },
    ...more,
  });
}

/** Why it left, for those who look at it afterwards. */
function lastWord({ givenUpAt, movedTo }: SagaState): Reason {
  if (movedTo !== null) return new Refused('MOVED', { to: movedTo }).reason;
  return new Refused(givenUpAt ? 'GIVEN_UP' : 'RELEASED', givenUpAt ? {} : { by: 'service manager' }).reason;
}

/** The agent may issue the resources again at once. Without it they lapse with the ticket: worth a warning, not a retry. */
async function giveBack(
  ctx: DeployContext,
  saga: SagaState,
  receipts: { text: string; claims: TicketReceiptClaims }[],
): Promise<void> {
  try {
    await Promise.all(receipts.map(({ text, claims }) => ctx.giveBack({ ...claims.ticket, receipt: text })));
  } catch (err) {
    ctx.log.warn({ err, node: saga.nodeUrn }, 'a released ticket could not be given back to the agent');
  }
}

async function notYet(
  ctx: DeployContext,
  saga: SagaState,
  attempt: number,
  startedAt: Date,
  err: unknown,
): Promise<void> {
  const refused = refusedFrom(err);
  if (!refused) ctx.log.warn({ err, sliver: saga.id, node: saga.nodeUrn }, 'a node could not release a sliver');
  const why =
    refused?.reason ??
    new Refused('NODE_UNREACHABLE', { node: saga.hostname, cause: 'it answered with an error of its own' }).reason;
  const lastDay = latestEnd(saga);
  const step = { step: 'release', outcome: 'retry' as const, attempt, reason: why, startedAt, endedAt: new Date() };
  const leaves = new Refused('LEAVES_WHEN_BACK', { node: saga.hostname, leaseEndsAt: lastDay?.toISOString() ?? null })
    .reason;
  const runAt = new Date(Date.now() + backoff(attempt, ctx.limits));
  await ctx.write({
    sliceId: saga.sliceId,
    sliverId: saga.id,
    steps: attempt === 1 ? [step] : [],
    sliver: { reason: saga.reported === 'failed' ? saga.reason : leaves },
    ...(attempt < ATTEMPTS && {
      jobs: [{ job: { task: 'release' as const, sliverId: saga.id }, options: { runAt, attempt: attempt + 1 } }],
    }),
  });
}

/** When nothing can be left on the node any more, whether we know of a lease or not; null when nobody said when it ends. */
export function latestEnd(saga: Pick<SagaState, 'leaseEndsAt' | 'endsAt' | 'graceSeconds'>): Date | null {
  const end = saga.leaseEndsAt ?? saga.endsAt;
  return end && new Date(end.getTime() + saga.graceSeconds * 1000);
}
