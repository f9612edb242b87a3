import { type Reason, Refused } from '../errors';
import { HARD_RESOURCES, type ResourceVector } from '../resources/vector';
import { SKEW_SECONDS } from '../statement/bounds';
import { isoAt } from '../time/span';

/** What was approved for a slice that its people run by a service manager of their own. Times: epoch seconds. */
export type Approved = {
  name: string;
  state: string;
  ownManager: boolean;
  start: number;
  end: number;
  graceSeconds: number;
  slivers: number;
  resources: ResourceVector;
};

/** What is asked for, on these nodes; term [start, end), epoch seconds. */
export type Asked = {
  nodes: readonly string[];
  start: number;
  end: number;
  graceSeconds: number;
  resources: ResourceVector;
};

const LIVE = new Set(['active', 'degraded', 'deploying']);
const SHARES = ['cpuShare', 'networkShare', 'pidsMax'] as const;

/**
 * Why a person's own service manager gets no tickets for this, or null when it does: the slice is theirs to run, and amounts, number of
 * nodes and term lie within what was approved. `held`: nodes on which the slice holds something or may, which one that renews or asks
 * again does not add to.
 */
export function judgeOwnRequest(approved: Approved, asked: Asked, held: ReadonlySet<string>): Reason | null {
  const { name: slice } = approved;
  const wrong = (state: string, needs: string) =>
    new Refused('WRONG_STATE', { kind: 'slice', id: slice, state, needs }).reason;
  if (!approved.ownManager) return wrong('run by the deployment', 'asked for as run by your own service manager');
  if (!LIVE.has(approved.state)) return wrong(approved.state, 'approved and within its term');
  const beyond = (what: string, wants: number | string, most: number | string) =>
    new Refused('BEYOND_APPROVAL', { slice, what, wants, approved: most }).reason;
  for (const what of [...HARD_RESOURCES, ...SHARES])
    if (asked.resources[what] > approved.resources[what])
      return beyond(what, asked.resources[what], approved.resources[what]);
  if (asked.resources.profile !== approved.resources.profile)
    return beyond('profile', asked.resources.profile, approved.resources.profile);
  if (asked.start < approved.start - SKEW_SECONDS)
    return beyond('start', isoAt(asked.start * 1000), isoAt(approved.start * 1000));
  if (asked.end > approved.end) return beyond('end', isoAt(asked.end * 1000), isoAt(approved.end * 1000));
  if (asked.graceSeconds > approved.graceSeconds)
    return beyond('graceSeconds', asked.graceSeconds, approved.graceSeconds);
  const nodes = new Set([...held, ...asked.nodes]).size;
  return nodes > approved.slivers ? beyond('slivers', nodes, approved.slivers) : null;
}
