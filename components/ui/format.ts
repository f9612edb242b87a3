import { formatSeconds } from '@/core/format/duration';
import { formatCount, formatNumber } from '@/core/format/number';

/** "1,448": a number with thousands separators. */
export const count = formatNumber;
/** "1 node", "25 nodes". */
export const plural = formatCount;
/** A length of time in seconds, in its two largest units: "14 days", "2 h 5 min", "12 s". */
export const duration = formatSeconds;

const UNITS: readonly [seconds: number, word: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** One unit only, rounded down: "3 min", "5 h", "12 d". */
export function coarseDuration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const [size, word] = UNITS.find(([unit]) => s >= unit) ?? [1, 's'];
  return `${Math.floor(s / size)} ${word}`;
}

/** "3 min ago", "in 5 h", "just now" (under five seconds). Times: epoch ms. */
export function relative(at: number, now: number): string {
  const seconds = (at - now) / 1000;
  if (Math.abs(seconds) < 5) return 'just now';
  return seconds < 0 ? `${coarseDuration(-seconds)} ago` : `in ${duration(Math.floor(seconds))}`;
}

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const SHORT = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const UTC = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZone: 'UTC',
});

/** Day, month, hour and minute in the viewer's zone. */
export const shortLocal = (at: Date) => SHORT.format(at);
/** Hour, minute and second in the viewer's zone. */
export const clockLocal = (at: Date) => CLOCK.format(at);
/** The whole local time. */
export const exactLocal = (at: Date) => `${DAY.format(at)}, ${CLOCK.format(at)}`;
/** The whole time in UTC: the same on server and client. */
export const exactUtc = (at: Date) => `${UTC.format(at)} UTC`;
