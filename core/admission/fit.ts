import { HARD_RESOURCES, type HardAmounts } from '../resources/vector';
import type { Span } from '../time/span';
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
  const room = roomOf(book, want);
  if (verdict.ok) return { fits: true, short: null, room, earliest: want.start };
  const earliest = book.earliestFit(want.amounts, want.end - want.start, want.start);
  return { fits: false, short: verdict, room, earliest };
}

/** The most of each resource that is free all through the span; never below zero. */
export function roomOf(book: AdmissionBook, span: Span): HardAmounts {
  const peak = book.peakUse(span);
  const room = { ...book.capacity };
  for (const r of HARD_RESOURCES) room[r] = Math.max(0, room[r] - peak[r]);
  return room;
}
