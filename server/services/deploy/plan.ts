import type { BrokerNode, Wanted } from '@/core/broker/candidate';
import { chooseNodes } from '@/core/broker/choose-nodes';
import { type Fill, fillPlaces, stands } from '@/core/broker/fill-places';
import type { Reason } from '@/core/errors';
import { PlacedSpec } from '@/protocol/api/slice';
import { failMoves, loadOpenMoves, settleMoves } from '@/server/data/deploy/moves';
import {
  addSlivers,
  failSlice,
  lastRetryAt,
  loadPlanSlice,
  loadPlanSlivers,
  type PlanSlice,
  type PlanSliver,
} from '@/server/data/deploy/slice-plan';
import type { DeployContext } from './context';
import { type Market, readMarket } from './market';
import { askTickets } from './tickets';

/**
 * Brings a slice's slivers to what was asked for: nodes for a new one or what it grew by, stand-ins for those that failed, new places for
 * those that move, tickets for those without. A plan reads how things stand and does what is missing, so it may be run at any time, twice, or again after a crash.
 */
export async function planSlice(ctx: DeployContext, sliceId: string): Promise<void> {
  const slice = await loadPlanSlice(ctx.pool, sliceId);
  if (!slice) return;
  if (slice.state === 'deleting') return ctx.settle(sliceId);
  if (slice.ownManager || !['approved', 'deploying', 'active', 'degraded'].includes(slice.state)) return;
  const startedAt = new Date();
  await settleMoves(ctx.pool, ctx.worker, sliceId, startedAt);
  const before = await loadPlanSlivers(ctx.pool, sliceId);
  const market = once(() => readMarket(ctx, PlacedSpec.parse(slice.spec).resources));
  const choice = await chooseMissing(ctx, slice, before, market);
  if ('reason' in choice) {
    await ctx.write({ sliceId, sliverId: null, steps: [step('plan', 'failed', choice.reason, startedAt)] });
    await failSlice(ctx.pool, sliceId, choice.reason);
    return;
  }
  if (choice.failedMoves.length > 0) await failMoves(ctx.pool, ctx.worker, sliceId, choice.failedMoves, new Date());
  if (choice.slivers.length > 0) {
    const added = await addSlivers(ctx.pool, sliceId, before.length, choice.slivers, new Date());
    if (!added) return planAgain(ctx, sliceId);
    await ctx.write({
      sliceId,
      sliverId: null,
      steps: [step(stepName(choice.slivers, before.length), 'ok', null, startedAt)],
    });
  }
  const now = await loadPlanSlice(ctx.pool, sliceId);
  if (now) await askTickets(ctx, now, await loadPlanSlivers(ctx.pool, sliceId), market);
  await ctx.settle(sliceId, { exhausted: choice.exhausted });
}

function stepName(added: readonly { substituteForId: string | null; moveId: string | null }[], before: number): string {
  if (before === 0) return 'plan';
  if (added.every((v) => v.moveId !== null)) return 'move';
  return added.some((v) => v.substituteForId !== null) ? 'substitute' : 'grow';
}

/** Things changed while the choice was made: look again, unless it is over. */
async function planAgain(ctx: DeployContext, sliceId: string): Promise<void> {
  await ctx.write({
    sliceId,
    sliverId: null,
    steps: [],
    jobs: [{ job: { task: 'deploy', sliceId }, options: { runAt: new Date(Date.now() + 100) } }],
  });
}

type Missing = Pick<Fill, 'slivers' | 'exhausted' | 'failedMoves'> | { reason: Reason };

async function chooseMissing(
  ctx: DeployContext,
  slice: PlanSlice,
  have: readonly PlanSliver[],
  market: () => Promise<Market>,
): Promise<Missing> {
  const spec = PlacedSpec.parse(slice.spec);
  const moves = await loadOpenMoves(ctx.pool, slice.id);
  const short = have.filter(stands).length < slice.sliverCount;
  if (!short && moves.length === 0) return { slivers: [], failedMoves: [], exhausted: false };
  // A person's wish to try again also tries nodes again that failed before it, and holds where nothing may stand in.
  const since = (await lastRetryAt(ctx.pool, slice.id))?.getTime() ?? 0;
  const { nodes } = await market();
  if (have.length === 0) return firstChoice(slice, spec, nodes);
  return fillPlaces(spec, have, moves, nodes, { seed: slice.urn, since });
}

/** All that was asked for, or, when nodes are short, as many as there are if that is worth having. */
function firstChoice(slice: PlanSlice, wanted: Wanted, nodes: readonly BrokerNode[]): Missing {
  let choice = chooseNodes(wanted, nodes, { seed: slice.urn });
  if (!choice.ok && choice.reason.code === 'NOT_ENOUGH_NODES') {
    const matching = Number(choice.reason.facts.matching);
    if (matching < slice.minimumCount) return { reason: choice.reason };
    choice = chooseNodes({ ...wanted, count: wanted.count - (Number(choice.reason.facts.wants) - matching) }, nodes, {
      seed: slice.urn,
    });
  }
  if (!choice.ok) return { reason: choice.reason };
  const slivers = choice.picks.map((pick) => ({ ...pick, substituteForId: null, part: 0, moveId: null }));
  return { slivers, failedMoves: [], exhausted: false };
}

/** What the first call gives, for every call. */
function once<T>(call: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= call();
    return made;
  };
}

export function step(name: string, outcome: 'ok' | 'retry' | 'failed', reason: Reason | null, startedAt: Date) {
  return { step: name, outcome, attempt: 1, reason, startedAt, endedAt: new Date() };
}
