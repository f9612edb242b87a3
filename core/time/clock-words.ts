import { formatSeconds } from '../format/duration';

/**
 * What the times of a certificate say of the clock that judges them, in words; null when all is well. A certificate is never issued
 * ahead of time, so that one that is not valid yet means that that clock is behind the issuer's, by at least that much.
 */
export function clockWords(at: { notBefore?: number | null; notAfter?: number | null; now: number }): string | null {
  const { notBefore = null, notAfter = null, now } = at;
  if (notBefore !== null && now < notBefore)
    return `by the clock that judged it, it begins in ${formatSeconds(Math.ceil((notBefore - now) / 1000))}: that clock is at least so much behind the issuer’s`;
  if (notAfter !== null && now > notAfter)
    return `by the clock that judged it, it ended ${formatSeconds(Math.ceil((now - notAfter) / 1000))} ago: it was not renewed since, or that clock is ahead`;
  return null;
}
