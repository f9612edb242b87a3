import { type RefusalCode, Refused } from '@/core/errors';

/**
 * The code with which the work is refused; 'accepted' when it is not. Anything thrown that is no refusal is thrown
 * on.
 */
export function refusalOf(work: () => unknown): RefusalCode | 'accepted' {
  try {
    work();
    return 'accepted';
  } catch (err) {
    if (err instanceof Refused) return err.code;
    throw err;
  }
}
