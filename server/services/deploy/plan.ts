import type { BrokerNode, Wanted } from '@/core/broker/candidate';
import { chooseNodes, chooseSubstitutes } from '@/core/broker/choose-nodes';
import type { Reason } from '@/core/errors';
import { SliceSpec } from '@/protocol/api/slice';
import {
  addSlivers,
  failSlice,
  lastRetryAt,
  loadPlanSlice,
  loadPlanSlivers,
  type NewSliver,
  type PlanSlice,
  type PlanSliver,
} from '@/server/data/deploy/slice-plan';
import type { DeployContext } from './context';
import { type Market, readMarket } from './market';
import { askTickets } from './tickets';

/**
 * Brings a slice's slivers to what was asked for: nodes for a new one, stand-ins for those that failed, tickets for those
 * without. A plan reads how things stand and does what is missing, so it may be run at any time, twice, or again after a crash.
 */
export async function planSlice(ctx: DeployContext, sliceId: string): Promise<void> {
  const slice = await loadPlanSlice(ctx.pool, sliceId);
  if (!slice) return;
  if (slice.state === 'deleting') return ctx.settle(sliceId);
  if (slice.ownManager || !['approved', 'deploying', 'active', 'degraded'].includes(slice.state)) return;
  const startedAt = new Date();
  const before = await loadPlanSlivers(ctx.pool, sliceId);
  const market = once(() => readMarket(ctx, SliceSpec.parse(slice.spec).resources));
  const choice = await chooseMissing(ctx, slice, before, market);
  if ('reason' in choice) {
    await ctx.write({ sliceId, sliverId: null, steps: [step('plan', 'failed', choice.reason, startedAt)] });
    await failSlice(ctx.pool, sliceId, choice.reason);
    return;
  }
  if (choice.slivers.length > 0) {
    const added = await addSlivers(ctx.pool, sliceId, before.length, choice.slivers, new Date());
    if (!added) return planAgain(ctx, sliceId);
    await ctx.write({
      sliceId,
      sliverId: null,
      steps: [step(before.length ? 'substitute' : 'plan', 'ok', null, startedAt)],
    });
  }
  const now = await loadPlanSlice(ctx.pool, sliceId);
  if (now) await askTickets(ctx, now, await loadPlanSlivers(ctx.pool, sliceId), market);
  await ctx.settle(sliceId, { exhausted: choice.exhausted });
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

type Missing = { slivers: NewSliver[]; exhausted: boolean } | { reason: Reason };

async function chooseMissing(
  ctx: DeployContext,
  slice: PlanSlice,
  have: readonly PlanSliver[],
  market: () => Promise<Market>,
): Promise<Missing> {
  const spec = SliceSpec.parse(slice.spec);
  const stand = have.filter(
    (v) => v.desired === 'running' && !v.goneAt && v.reported !== 'failed' && v.reported !== 'gone',
  );
  if (stand.length >= slice.sliverCount) return { slivers: [], exhausted: false };
  // A person's wish to try again also tries nodes again that failed before it, and holds where nothing may stand in.
  const since = (await lastRetryAt(ctx.pool, slice.id))?.getTime() ?? 0;
  const sinceThen = have.filter((v) => v.createdAt.getTime() >= since);
  if (sinceThen.length > 0 && !spec.substitute) return { slivers: [], exhausted: true };
  const missing = slice.sliverCount - stand.length - sinceThen.filter((v) => v.denied).length;
  if (missing <= 0) return { slivers: [], exhausted: true };
  const { nodes } = await market();
  if (have.length === 0) return firstChoice(slice, spec, nodes);

  // Not a node that still holds a sliver of the slice, nor one that failed it; one that failed before a person's wish only
  // where there is no other.
  const exclude = new Set([...have.filter((v) => !v.goneAt), ...sinceThen].map((v) => v.nodeUrn));
  const picked = spec.picked.filter((node) => !exclude.has(node)).slice(0, missing);
  const chosen: string[] = [];
  for (const avoid of [
    new Set([...exclude, ...have.filter((v) => v.reported === 'failed').map((v) => v.nodeUrn)]),
    exclude,
  ]) {
    const standing = [...stand.map((v) => v.nodeUrn), ...picked, ...chosen];
    const count = missing - picked.length - chosen.length;
    chosen.push(...chooseSubstitutes(spec, nodes, { standing, count, exclude: avoid, seed: slice.urn }));
  }
  const replaced = have.filter((v) => !stand.includes(v) && !v.substituted && !picked.includes(v.nodeUrn));
  const slivers = [
    ...picked.map((node) => ({ node, picked: true, substituteForId: null })),
    ...chosen.map((node, i) => ({ node, picked: false, substituteForId: replaced[i]?.id ?? null })),
  ];
  return { slivers, exhausted: slivers.length < missing };
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
  return { slivers: choice.picks.map((pick) => ({ ...pick, substituteForId: null })), exhausted: false };
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
