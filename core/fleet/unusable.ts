import type { Reason } from '../errors';
import { type Reachability, reachabilityAt as silenceAt } from '../node/reachability';
import { type AdminSwitch, type BootState, usable } from '../node/state';
import { firstShort, type HardAmounts } from '../resources/vector';

/** What the deployment knows of a node when it asks whether a sliver can go there. Times: epoch ms. */
export type FleetStanding = {
  hostname: string;
  bootState: BootState;
  adminSwitch: AdminSwitch;
  reachability: Reachability | 'never';
  lastSeen: number | null;
  enrolled: boolean;
  /** An agent holds authority from this node that has not ended. */
  delegated: boolean;
  capacity: HardAmounts | null;
  free: HardAmounts | null;
};

/**
 * Why no new sliver of `least` amounts can go to a node now, or null when one can. Beyond core/node's `usable`: authority
 * and room.
 */
export function whyUnusable(node: FleetStanding, least: HardAmounts): Reason | null {
  const reachability = node.reachability === 'never' ? 'unreachable' : node.reachability;
  const standing = usable({ ...node, node: node.hostname, reachability });
  if (!standing.ok) return standing.reason;
  const facts = { node: node.hostname };
  if (!node.delegated) return { code: 'NOT_DELEGATED', facts };
  const short = node.free && firstShort(least, node.free);
  if (!short || !node.free || !node.capacity) return null;
  return {
    code: 'NODE_FULL',
    facts: { ...facts, resource: short, wants: least[short], free: node.free[short], capacity: node.capacity[short] },
  };
}

const ORDER: readonly Reachability[] = ['online', 'late', 'unreachable'];

/**
 * How reachable a node is: what the agent last wrote, or what the silence since says, whichever is worse; when the agent
 * itself is away nothing it wrote stays true. `never` for a node that has not reported.
 */
export function fleetReachability(
  written: Reachability | null,
  lastSeen: number | null,
  now: number,
): Reachability | 'never' {
  if (written === null || lastSeen === null) return 'never';
  const silence = silenceAt(lastSeen, now);
  return ORDER.indexOf(silence) > ORDER.indexOf(written) ? silence : written;
}
