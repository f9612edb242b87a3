/** A whole number with thousands separators. */
export function count(n: number): string {
  return new Intl.NumberFormat('en-GB').format(n);
}

/** "1 node", "25 nodes". */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const UNITS: readonly [seconds: number, word: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
];

/** A length of time in seconds, in its two largest units: "14 d", "2 h 5 min", "12 s". */
export function duration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  const first = UNITS.findIndex(([size]) => rest >= size);
  if (first === -1) return '0 s';
  const parts: string[] = [];
  for (const [size, word] of UNITS.slice(first, first + 2)) {
    const n = Math.floor(rest / size);
    rest -= n * size;
    if (n > 0) parts.push(`${n} ${word}`);
  }
  return parts.join(' ');
}

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
  return seconds < 0 ? `${coarseDuration(-seconds)} ago` : `in ${duration(seconds - (seconds % (seconds > 3600 ? 60 : 1)))}`;
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
