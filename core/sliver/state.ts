import { nextState, step, type Transitions } from '../transitions';

export const SLIVER_DESIRED = ['running', 'stopped', 'gone'] as const;
/** What is wanted of a sliver. */
export type SliverDesired = (typeof SLIVER_DESIRED)[number];

export const SLIVER_REPORTED = [
  'pending',
  'ticketed',
  'scheduled',
  'starting',
  'running',
  'stopped',
  'failed',
  'gone',
  'unknown',
] as const;
/**
 * What was last said of it. `pending` and `ticketed` are the deployment's own words, `unknown` means its node fell
 * silent, the rest the node says.
 */
export type SliverReported = (typeof SLIVER_REPORTED)[number];

/** What a node may say. A node may skip states between two heartbeats, so all may follow all but `gone`. */
const node = {
  scheduled: 'scheduled',
  starting: 'starting',
  running: 'running',
  stopped: 'stopped',
  failed: 'failed',
  gone: 'gone',
} as const;

/**
 * The event is the new report. Nothing follows `gone`; once the node has spoken, the deployment's own words no longer
 * do, except that a failed try may be started over.
 */
export const SLIVER_TRANSITIONS: Transitions<SliverReported, SliverReported> = {
  pending: { pending: 'pending', ticketed: 'ticketed', ...node },
  ticketed: { pending: 'pending', ticketed: 'ticketed', unknown: 'unknown', ...node },
  scheduled: { unknown: 'unknown', ...node },
  starting: { unknown: 'unknown', ...node },
  running: { unknown: 'unknown', ...node },
  stopped: { unknown: 'unknown', ...node },
  failed: { pending: 'pending', unknown: 'unknown', ...node },
  unknown: { unknown: 'unknown', ...node },
  gone: { gone: 'gone' },
};

/** The report that counts after the new one, or null when the new one cannot follow (a late or foreign word). */
export const nextSliverReport = (was: SliverReported, report: SliverReported) =>
  nextState(SLIVER_TRANSITIONS, was, report);

/** As `nextSliverReport`; throws `WRONG_STATE`. */
export const stepSliver = (was: SliverReported, report: SliverReported, id?: string) =>
  step('sliver', SLIVER_TRANSITIONS, was, report, id);

/** Is something of it, or may something of it be, on its node? */
export function mayBeOnNode(reported: SliverReported): boolean {
  return reported !== 'pending' && reported !== 'gone';
}

/** What has to be done to bring the reported towards the desired. `wait`: under way, or nobody knows. */
export type SliverGap = 'none' | 'start' | 'stop' | 'release' | 'wait';

export function gapOf(desired: SliverDesired, reported: SliverReported): SliverGap {
  if (reported === 'gone') return 'none';
  if (desired === 'gone') return 'release';
  if (reported === desired) return 'none';
  if (reported === 'unknown' || reported === 'scheduled' || reported === 'starting')
    return desired === 'stopped' && reported !== 'unknown' ? 'stop' : 'wait';
  if (desired === 'running') return 'start';
  return reported === 'running' ? 'stop' : 'none';
}
