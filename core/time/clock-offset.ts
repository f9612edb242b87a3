/** One question to another clock. Epoch ms; `tookMs` by a clock that only runs forward. */
export type ClockReading = { askedAt: number; tookMs: number; theirs: number };
/** Theirs minus ours, and how far off that may be at most, in ms. */
export type ClockOffset = { offsetMs: number; errorMs: number };

/**
 * How far another clock is ahead of ours, from a question and its answer: the answer was written at some moment of the round trip,
 * so the midpoint is off by at most half of it (Cristian 1989).
 */
export function clockOffset({ askedAt, tookMs, theirs }: ClockReading): ClockOffset {
  return { offsetMs: theirs - (askedAt + tookMs / 2), errorMs: tookMs / 2 };
}

/** Of the last readings the one that took the shortest: nothing says more about the other clock. Null without any. */
export function bestOffset(readings: readonly ClockReading[]): ClockOffset | null {
  const [best] = [...readings].sort((a, b) => a.tookMs - b.tookMs);
  return best ? clockOffset(best) : null;
}
