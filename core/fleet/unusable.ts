import type { Reason } from '../errors';
import { firstShort, type HardAmounts } from '../resources/vector';

/** What the deployment knows of a node when it asks whether a sliver can go there. Times: epoch ms. */
export type NodeStanding = {
  hostname: string;
  bootState: 'registered' | 'install' | 'boot' | 'debug' | 'disabled';
  adminSwitch: 'open' | 'draining' | 'closed';
  reachability: 'online' | 'late' | 'unreachable' | 'never';
  lastSeen: number | null;
  enrolled: boolean;
  /** An agent holds authority from this node that has not ended. */
  delegated: boolean;
  capacity: HardAmounts | null;
  free: HardAmounts | null;
};

/**
 * Why no new sliver of `least` amounts can go to a node now, or null when one can. The reason named is the first that has
 * to be dealt with: a machine that does not boot is not looked at for room.
 */
export function whyUnusable(node: NodeStanding, least: HardAmounts): Reason | null {
  const facts = { node: node.hostname };
  if (node.bootState === 'disabled' || node.bootState === 'debug' || node.bootState === 'install') {
    return { code: 'NODE_NOT_BOOT', facts: { ...facts, bootState: node.bootState } };
  }
  if (!node.enrolled || node.reachability === 'never') return { code: 'NODE_NOT_ENROLLED', facts };
  if (node.bootState !== 'boot') return { code: 'NODE_NOT_BOOT', facts: { ...facts, bootState: node.bootState } };
  if (node.adminSwitch !== 'open') return { code: 'NODE_CLOSED', facts: { ...facts, adminSwitch: node.adminSwitch } };
  if (node.reachability === 'unreachable') {
    const lastSeen = node.lastSeen === null ? null : new Date(node.lastSeen).toISOString();
    return { code: 'NODE_UNREACHABLE', facts: { ...facts, lastSeen, cause: 'no heartbeat' } };
  }
  if (!node.delegated) return { code: 'NOT_DELEGATED', facts };
  const short = node.free && firstShort(least, node.free);
  if (!short || !node.free || !node.capacity) return null;
  return {
    code: 'NODE_FULL',
    facts: { ...facts, resource: short, wants: least[short], free: node.free[short], capacity: node.capacity[short] },
  };
}

/** A heartbeat comes every 10 s; this long without any, whatever the agent last wrote, nobody can say it is online. */
export const SILENT_AFTER_MS = 90_000;

/** How reachable a node is: what the agent wrote, unless the agent itself has been away so long that it is hearsay. */
export function reachabilityAt(
  written: 'online' | 'late' | 'unreachable' | null,
  lastSeen: number | null,
  now: number,
): NodeStanding['reachability'] {
  if (written === null || lastSeen === null) return 'never';
  return now - lastSeen > SILENT_AFTER_MS ? 'unreachable' : written;
}
