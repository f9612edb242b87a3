import type { SliverDesired, SliverReported } from '../sliver/state';
import { nextState, step, type Transitions } from '../transitions';

export const SLICE_STATES = [
  'requested',
  'approved',
  'rejected',
  'withdrawn',
  'deploying',
  'active',
  'degraded',
  'failed',
  'suspended',
  'deleting',
  'deleted',
] as const;
export type SliceState = (typeof SLICE_STATES)[number];

/**
 * approve, reject, withdraw: people's decisions · deploy: work on its slivers begins (also: again, by a person's
 * wish) · allRun, enoughRun, tooFewRun: what `sliceStateFrom` saw · leaseOver: the term ended, its grace begins ·
 * renewed: a later end in grace · delete: asked for, or grace over · allGone: nothing of it is left, or the last
 * lease with its grace is over.
 */
export const SLICE_EVENTS = [
  'approve',
  'reject',
  'withdraw',
  'deploy',
  'allRun',
  'enoughRun',
  'tooFewRun',
  'leaseOver',
  'renewed',
  'delete',
  'allGone',
] as const;
export type SliceEvent = (typeof SLICE_EVENTS)[number];

const seen = { allRun: 'active', enoughRun: 'degraded', tooFewRun: 'failed' } as const;
const ends = { leaseOver: 'suspended', delete: 'deleting' } as const;

/** DESIGN's slice states. Deleting twice is deleting; what was seen again changes nothing. */
export const SLICE_TRANSITIONS: Transitions<SliceState, SliceEvent> = {
  requested: { approve: 'approved', reject: 'rejected', withdraw: 'withdrawn' },
  approved: { deploy: 'deploying', ...ends },
  rejected: {},
  withdrawn: {},
  deploying: { deploy: 'deploying', ...seen, ...ends },
  active: { deploy: 'deploying', ...seen, ...ends, renewed: 'active' },
  degraded: { deploy: 'deploying', ...seen, ...ends, renewed: 'degraded' },
  failed: { deploy: 'deploying', ...seen, ...ends, renewed: 'failed' },
  suspended: { leaseOver: 'suspended', renewed: 'deploying', delete: 'deleting' },
  deleting: { delete: 'deleting', leaseOver: 'deleting', allGone: 'deleted' },
  deleted: { delete: 'deleted', allGone: 'deleted' },
};

/** The next state, or null when the event is not allowed. */
export const nextSliceState = (state: SliceState, event: SliceEvent) => nextState(SLICE_TRANSITIONS, state, event);

/** The next state; throws `WRONG_STATE`. */
export const stepSlice = (state: SliceState, event: SliceEvent, id?: string) =>
  step('slice', SLICE_TRANSITIONS, state, event, id);

/** What is known of one sliver of a slice. */
export type SliverView = { desired: SliverDesired; reported: SliverReported };

/**
 * Counts of the slivers that are wanted: those that run, those on the way, those nobody heard of lately, those that
 * failed.
 */
export type SliverTally = { running: number; onTheWay: number; unknown: number; failed: number };

/** Counts a slice's wanted slivers; those that are to stop or go count nowhere. */
export function tally(slivers: readonly SliverView[]): SliverTally {
  const counts = { running: 0, onTheWay: 0, unknown: 0, failed: 0 };
  for (const { desired, reported } of slivers) {
    if (desired !== 'running') continue;
    if (reported === 'running') counts.running++;
    else if (reported === 'unknown') counts.unknown++;
    else if (reported === 'failed' || reported === 'gone' || reported === 'stopped') counts.failed++;
    else counts.onTheWay++;
  }
  return counts;
}

/**
 * What a deployed slice's slivers make of it. `wanted` and `minimum` are numbers of slivers; all-or-nothing is
 * `minimum` = `wanted`. `settled` is false while the first deployment goes on: then slivers on the way keep it
 * deploying; later, under repair, what runs decides, and slivers on the way count towards the minimum only to keep a
 * repair from being called a failure. A sliver that is unknown does not count as running: its node has to say so.
 */
export function sliceStateFrom(
  slivers: readonly SliverView[],
  { wanted, minimum, settled }: { wanted: number; minimum: number; settled: boolean },
): 'deploying' | 'active' | 'degraded' | 'failed' {
  const { running, onTheWay, unknown } = tally(slivers);
  if (running >= wanted) return 'active';
  if (!settled && onTheWay > 0) return 'deploying';
  return running + (settled ? onTheWay + unknown : 0) >= Math.max(1, minimum) ? 'degraded' : 'failed';
}
