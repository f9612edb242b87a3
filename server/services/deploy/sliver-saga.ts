import { type Reason, Refused } from '@/core/errors';
import type { SliverStatus } from '@/protocol/node-manager/schemas';
import { jwkFromRaw } from '@/protocol/statement/keys';
import { verifyStatement } from '@/protocol/statement/verify';
import { type NodeManagerClient, orRefused } from '@/protocol/transport/client';
import { refusedFrom } from '@/protocol/trpc';
import type { SagaState } from '@/server/data/deploy/saga';
import type { LeaseRecord, StepRecord } from '@/server/data/deploy/saga-write';
import { backoff, type DeployContext, isRetryable } from './context';
import { keepRefusalProof } from './keep-proof';

/** How long redeeming waits for the sliver to be up, in ms: long enough for most, so that these take one call and one write. */
const QUICK_START_MS = 250;
/** What a node said last of a sliver that its ticket cannot bring back. */
const OVER_FOR_GOOD: ReadonlySet<string> = new Set(['RECORDS_LOST', 'AUTHORITY_REVOKED']);
/** How long one question to a node waits for an answer to change, in ms. */
const POLL_MS = 20_000;

/**
 * The saga of one sliver: redeem its ticket, keep the lease, follow it until it runs or fails. Every step is written
 * before the next begins, and each may be done again: it starts from what the rows say, by whichever worker, and the same ticket redeemed twice
 * is the same lease. What can be tried again is, with backoff; what cannot fails the sliver with a reason, releases what
 * may be out there, and has the slice planned again for another node.
 */
export async function runSliver(ctx: DeployContext, sliverId: string): Promise<void> {
  const saga = await ctx.load(sliverId);
  if (!saga || saga.goneAt || saga.desired !== 'running') return;
  if (!['deploying', 'active', 'degraded'].includes(saga.sliceState)) return;
  if (!saga.ticketText) return; // the plan asks for its ticket and enqueues this again
  const began = new Date();
  if (saga.reported === 'gone' && saga.reason && OVER_FOR_GOOD.has(saga.reason.code)) {
    // Nothing to ask: the node began anew and refuses the ticket, which was of before; or its authority was taken back.
    const record: StepRecord = {
      step: 'start',
      outcome: 'failed',
      attempt: saga.attempts + 1,
      reason: saga.reason,
      startedAt: began,
      endedAt: began,
    };
    await giveUp(ctx, saga, record, saga.reason);
    return ctx.settle(saga.sliceId);
  }
  let step = 'redeem';
  try {
    const node = nodeOf(ctx, saga);
    const status = saga.leaseJti ? await ask(ctx, node, saga) : await redeem(ctx, node, saga, saga.ticketText);
    step = 'start';
    if (status) await follow(ctx, node, saga, status);
  } catch (err) {
    ctx.signal.throwIfAborted();
    await stumble(ctx, saga, step, began, err);
  }
  await ctx.settle(saga.sliceId);
}

/** @throws Refused NODE_NOT_ENROLLED */
export function nodeOf(ctx: DeployContext, saga: SagaState): NodeManagerClient {
  if (!saga.address || !saga.jkt) throw new Refused('NODE_NOT_ENROLLED', { node: saga.hostname });
  return ctx.callers.node({ address: saga.address, urn: saga.nodeUrn, jkt: saga.jkt });
}

/** Redeems the ticket and keeps the lease. Gives how the sliver stands, or null when it runs already and that is written too. */
async function redeem(
  ctx: DeployContext,
  node: NodeManagerClient,
  saga: SagaState,
  ticket: string,
): Promise<SliverStatus | null> {
  const startedAt = new Date();
  const answer = await orRefused(node.redeem.mutate({ ticket, waitMs: QUICK_START_MS }, { signal: ctx.signal }));
  const lease = leaseOf(saga, answer.lease);
  const endedAt = new Date();
  const runs = answer.sliver.state === 'running';
  const leasedAt = runs ? startOf(answer.sliver, startedAt, endedAt) : endedAt;
  const steps = [stepOk('redeem', saga, startedAt, leasedAt)];
  if (runs) steps.push({ ...stepOk('start', saga, leasedAt, endedAt), attempt: 1 });
  await ctx.write({
    sliceId: saga.sliceId,
    sliverId: saga.id,
    steps,
    sliver: { ...reported(answer.sliver, endedAt), attempts: 0 },
    lease,
    ticket: 'redeemed',
  });
  saga.attempts = 0;
  return runs ? null : answer.sliver;
}

/** When a start began that ended just now, by how long the node says it took: in [from, to] of our clock. */
function startOf(status: SliverStatus, from: Date, to: Date): Date {
  const began = status.timeline.find(({ state }) => state === 'starting');
  const took = began && status.runningAt ? Date.parse(status.runningAt) - Date.parse(began.at) : 0;
  return new Date(Math.min(to.getTime(), Math.max(from.getTime(), to.getTime() - took)));
}

function ask(
  ctx: DeployContext,
  node: NodeManagerClient,
  saga: SagaState,
  waitWhile?: SliverStatus['state'],
): Promise<SliverStatus> {
  const input = { slice: saga.sliceUrn, ...(waitWhile && { waitWhile, waitMs: POLL_MS }) };
  return orRefused(node.sliver.query(input, { signal: ctx.signal }));
}

/** Follows the node's word until the sliver runs; throws its reason when it failed. */
async function follow(
  ctx: DeployContext,
  node: NodeManagerClient,
  saga: SagaState,
  first: SliverStatus,
): Promise<void> {
  const startedAt = new Date();
  const deadline = startedAt.getTime() + ctx.limits.startMs;
  let status = first;
  let known = saga.leaseJti ? saga.reported : first.state; // redeem has written the first one
  for (;;) {
    const now = new Date();
    if (status.state === 'running') break;
    if (status.state === 'failed')
      throw new NodeSays(
        status.reason ?? { code: 'START_FAILED', facts: { node: saga.hostname, problem: 'no reason given' } },
      );
    if (status.state === 'gone') throw new Refused('LEASE_OVER', { endedAt: status.since });
    if (status.reason?.code === 'STOPPED_ON_REQUEST') {
      // As its people want it: heartbeats tell when they want it otherwise.
      await ctx.write({
        sliceId: saga.sliceId,
        sliverId: saga.id,
        steps: [],
        sliver: { ...reported(status, now), attempts: 0 },
      });
      return;
    }
    if (status.state === 'scheduled' && Date.parse(status.lease.start) > deadline) return; // heartbeats tell when it has started
    if (now.getTime() > deadline)
      throw new Refused('START_TIMEOUT', { node: saga.hostname, afterSeconds: Math.round(ctx.limits.startMs / 1000) });
    if (status.state !== known) {
      await ctx.write({ sliceId: saga.sliceId, sliverId: saga.id, steps: [], sliver: reported(status, now) });
      known = status.state;
    }
    status = await ask(ctx, node, saga, status.state);
  }
  const endedAt = new Date();
  const steps = saga.reported === 'running' ? [] : [stepOk('start', saga, startedAt, endedAt)];
  await ctx.write({
    sliceId: saga.sliceId,
    sliverId: saga.id,
    steps,
    sliver: { ...reported(status, endedAt), attempts: 0 },
  });
}

/** The node's own typed word on why a sliver failed. */
class NodeSays extends Error {
  constructor(readonly reason: SliverStatus['reason'] & object) {
    super(reason.code);
  }
}

async function stumble(
  ctx: DeployContext,
  saga: SagaState,
  step: string,
  startedAt: Date,
  err: unknown,
): Promise<void> {
  const refused = refusedFrom(err);
  const reason = err instanceof NodeSays ? reasonOf(err.reason) : (refused?.reason ?? unexpected(ctx, saga, step, err));
  if (refused && saga.jkt && saga.ticketIss && saga.ticketJti) {
    const { sliceId, jkt, ticketIss, ticketJti } = saga;
    await keepRefusalProof(ctx, nodeOf(ctx, saga), { sliceId, jkt, ticketIss, ticketJti }, refused.reason);
  }
  const attempt = saga.attempts + 1;
  const record: StepRecord = { step, outcome: 'retry', attempt, reason, startedAt, endedAt: new Date() };
  const again = !(err instanceof NodeSays) && isRetryable(refused) && attempt < ctx.limits.attempts;
  if (again) {
    const runAt = new Date(Date.now() + backoff(attempt, ctx.limits));
    await ctx.write({
      sliceId: saga.sliceId,
      sliverId: saga.id,
      steps: [record],
      sliver: { attempts: attempt, reason },
      jobs: [{ job: { task: 'sliver', sliverId: saga.id }, options: { runAt } }],
    });
    return;
  }
  await giveUp(ctx, saga, { ...record, outcome: 'failed' }, reason);
}

/** Fails the sliver for good. Something may be on the node, so it is released there; a substitute is planned. */
export async function giveUp(ctx: DeployContext, saga: SagaState, record: StepRecord, reason: Reason): Promise<void> {
  await ctx.write({
    sliceId: saga.sliceId,
    sliverId: saga.id,
    steps: [record],
    sliver: { reported: 'failed', reason, desired: 'gone', attempts: 0 },
    jobs: [
      { job: { task: 'release', sliverId: saga.id } },
      // A moment later: nodes often fail together, and one plan then replaces them all.
      { job: { task: 'deploy', sliceId: saga.sliceId }, options: { runAt: new Date(Date.now() + 250) } },
    ],
  });
}

function unexpected(ctx: DeployContext, saga: SagaState, step: string, err: unknown): Reason {
  ctx.log.warn({ err, sliver: saga.id, node: saga.nodeUrn, step }, 'a node answered with an error of its own');
  return new Refused('NODE_UNREACHABLE', { node: saga.hostname, cause: 'it answered with an error of its own' }).reason;
}

export function reasonOf(said: SliverStatus['reason'] & object): Reason {
  // A code that this version does not know is shown as a failed start with the code as its problem.
  const refused = refusedFrom(Object.assign(new Error(said.code), { data: { refusal: said } }));
  return refused?.reason ?? new Refused('START_FAILED', { problem: said.code }).reason;
}

/** Is it a lease of that node for this very ticket? @throws Refused BAD_SIGNATURE, WRONG_NODE, STATEMENT_MALFORMED */
export function leaseOf(
  saga: Pick<SagaState, 'nodeUrn' | 'publicKey' | 'sliceUrn' | 'ticketIss' | 'ticketJti'>,
  text: string,
): LeaseRecord {
  const claims = verifyStatement('lease+jwt', text, jwkFromRaw(saga.publicKey ?? ''));
  if (claims.node !== saga.nodeUrn) throw new Refused('WRONG_NODE', { expected: saga.nodeUrn, got: claims.node });
  if (claims.slice !== saga.sliceUrn || claims.ticket.jti !== saga.ticketJti || claims.ticket.iss !== saga.ticketIss) {
    throw new Refused('STATEMENT_MALFORMED', { problem: 'the lease is not for the ticket that was redeemed' });
  }
  const { iss, jti, graceSeconds } = claims;
  return { iss, jti, text, startsAt: new Date(claims.start * 1000), endsAt: new Date(claims.end * 1000), graceSeconds };
}

function reported(status: SliverStatus, at: Date) {
  return {
    reported: status.state,
    reason: status.reason && reasonOf(status.reason),
    lastSeen: at,
    ...(status.runningAt && { runningAt: new Date(status.runningAt) }),
  };
}

function stepOk(step: string, saga: SagaState, startedAt: Date, endedAt: Date): StepRecord {
  return { step, outcome: 'ok', attempt: saga.attempts + 1, reason: null, startedAt, endedAt };
}
