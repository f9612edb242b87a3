/**
 * Time as a journal may believe it: never before what it has already seen. A clock that steps back so reopens no
 * window and revives no lease; time stands still until the clock has caught up. Both in epoch ms; the answer is the
 * new high-water mark.
 */
export function monotonicNow(highWater: number, wall: number): number {
  return Math.max(highWater, wall);
}

/** Should the mark be written down? Each `stepMs` at most once, so that a crash forgets no more than that. */
export function markIsDue(written: number, now: number, stepMs: number): boolean {
  return now - written >= stepMs;
}
