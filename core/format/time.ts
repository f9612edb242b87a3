const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * An instant in UTC: "14:00 UTC on 22 Nov 2026", or "14:00 UTC" when `now` is given and the instant is on the same
 * UTC day. Takes epoch milliseconds or ISO 8601 text; null when it is neither.
 */
export function formatUtc(instant: number | string, now?: number): string | null {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) return null;
  const two = (n: number) => String(n).padStart(2, '0');
  const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())} UTC`;
  if (now !== undefined && new Date(now).toISOString().slice(0, 10) === date.toISOString().slice(0, 10)) return clock;
  return `${clock} on ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}
