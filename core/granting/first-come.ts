import type { Ask, Verdict } from './policy';

/** Who asks first gets first: all that there is room for. */
export function firstCome(ask: Ask): Verdict {
  return { grant: ask.count, reason: null, record: null };
}
