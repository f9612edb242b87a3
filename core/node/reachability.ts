export const REACHABILITY = ['online', 'late', 'unreachable'] as const;
export type Reachability = (typeof REACHABILITY)[number];

/** A heartbeat every 10 s, give or take 2 s, so that a fleet's do not fall on one instant. */
export const HEARTBEAT_MS = 10_000;
export const HEARTBEAT_JITTER_MS = 2_000;
/** The longest a heartbeat can be on its way. */
const TRAVEL_MS = 3_000;
const LONGEST_GAP_MS = HEARTBEAT_MS + HEARTBEAT_JITTER_MS;
/** One heartbeat was missed for sure. */
export const LATE_AFTER_MS = LONGEST_GAP_MS + TRAVEL_MS;
/** Three were. */
export const UNREACHABLE_AFTER_MS = 3 * LONGEST_GAP_MS + TRAVEL_MS;

/** How long to wait before the next heartbeat; `random` in [0, 1). */
export function heartbeatDelayMs(random: number): number {
  return Math.round(HEARTBEAT_MS + (2 * random - 1) * HEARTBEAT_JITTER_MS);
}

/**
 * How reachable a node is by its last heartbeat: online, late from one missed on, unreachable from three. Epoch ms;
 * never seen is unreachable; a last-seen in the future (the clock stepped back) is online.
 */
export function reachabilityAt(lastSeen: number | null, now: number): Reachability {
  if (lastSeen === null) return 'unreachable';
  const silent = now - lastSeen;
  if (silent >= UNREACHABLE_AFTER_MS) return 'unreachable';
  return silent >= LATE_AFTER_MS ? 'late' : 'online';
}

/** When the reachability changes next if nothing is heard (epoch ms), or null when it no longer will. */
export function reachabilityChangesAt(lastSeen: number | null, now: number): number | null {
  const state = reachabilityAt(lastSeen, now);
  if (lastSeen === null || state === 'unreachable') return null;
  return lastSeen + (state === 'late' ? UNREACHABLE_AFTER_MS : LATE_AFTER_MS);
}
