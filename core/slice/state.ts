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
 * wish) · allRun, enoughRun, tooFewRun: what `sliceOutcome` makes of its slivers · leaseOver: the term ended, its
 * grace begins · renewed: a later end in grace · delete: asked for, or grace over · allGone: nothing of it is left,
 * or the last lease with its grace is over.
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
