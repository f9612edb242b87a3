import { HARD_RESOURCES, type HardAmounts } from '../resources/vector';
import type { AdmissionBook, Claim, Verdict } from './admission';

/**
 * What a book says of a wish without entering it. `room`: the most of each resource that would fit over the very span that was
 * asked for; any one amount up to it, and all of them together, fit. `earliest`: the first start, not before the asked one, at which
 * the amounts fit for as long; null when they never do. `short`: the verdict on the first resource that falls short.
 */
export type Fit = {
  fits: boolean;
  short: Extract<Verdict, { ok: false }> | null;
  room: HardAmounts;
  earliest: number | null;
};

/** Asks the book. Pure; changes nothing. */
export function fitOf(book: AdmissionBook, want: Claim): Fit {
  const verdict = book.admit(want);
  const peak = book.peakUse(want);
  const room = { ...book.capacity };
  for (const r of HARD_RESOURCES) room[r] = Math.max(0, room[r] - peak[r]);
  if (verdict.ok) return { fits: true, short: null, room, earliest: want.start };
  const earliest = book.earliestFit(want.amounts, want.end - want.start, want.start);
  return { fits: false, short: verdict, room, earliest };
}
