import type { Reason } from '../errors';
import { formatAmount, resourceName } from '../format/number';
import { formatUtc } from '../format/time';
import { sentence } from '../refusal-sentence';
import { HARD_RESOURCES, type HardAmounts } from '../resources/vector';

/** A node's answer to a dry run. Times are ISO 8601. */
export type CheckAnswer = {
  fits: boolean;
  reason: Readonly<{ code: string; facts: Reason['facts'] }> | null;
  earliest: string | null;
  room: HardAmounts | null;
};

/** The answer in sentences that a person can act on. `now`: epoch ms. */
export function checkWords({ fits, reason, earliest, room }: CheckAnswer, now: number): string[] {
  const amounts = (all: HardAmounts) =>
    HARD_RESOURCES.map((r) => `${formatAmount(r, all[r])} of ${resourceName(r)}`).join(', ');
  const most = room ? `Over that time there is room for at most ${amounts(room)}.` : null;
  if (fits) return ['It fits.', ...(most ? [most] : [])];
  const when = earliest === null ? null : `It would fit for as long from ${formatUtc(earliest, now)} on.`;
  return [reason ? sentence(reason, now) : 'It does not fit.', ...(when ? [when] : []), ...(most ? [most] : [])];
}
