const UNITS = [
  { name: 'day', plural: 'days', ms: 86_400_000 },
  { name: 'h', plural: 'h', ms: 3_600_000 },
  { name: 'min', plural: 'min', ms: 60_000 },
  { name: 's', plural: 's', ms: 1000 },
] as const;

/**
 * A duration in its two largest units: "14 days", "1 day 3 h", "2 min 5 s", "40 s", "250 ms", "1.4 s" (below ten
 * seconds a tenth counts). Rounded down, so that "2 h" is never promised when less is left. Negative durations read
 * as zero.
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'for ever';
  const left = Math.max(0, Math.floor(ms));
  if (left < 1000) return left === 0 ? '0 s' : `${left} ms`;
  if (left < 10_000) return `${Math.floor(left / 100) / 10} s`;
  const at = UNITS.findIndex((u) => left >= u.ms);
  const [large, small] = [UNITS[at], UNITS[at + 1]];
  if (!large) return '0 s';
  const many = Math.floor(left / large.ms);
  const first = `${many.toLocaleString('en-US')} ${many === 1 ? large.name : large.plural}`;
  const rest = small ? Math.floor((left % large.ms) / small.ms) : 0;
  return small && rest > 0 ? `${first} ${rest} ${small.name}` : first;
}

/** As `formatDuration`, of whole or broken seconds. */
export function formatSeconds(seconds: number): string {
  return formatDuration(seconds * 1000);
}
