/** How long before its end a slice's members are told, in seconds: the earlier first. */
export const WARNINGS_SECONDS = [3 * 86_400, 86_400] as const;

/**
 * Is it time to warn of the end? Once for each of WARNINGS_SECONDS, and not for one that passed before the slice had begun
 * (a slice of an hour is not warned of three days ahead). Times are epoch ms; gives the seconds that are left, or null.
 */
export function warningDue(
  slice: { startsAt: number; endsAt: number; warnedAt: number | null },
  now: number,
): number | null {
  if (now >= slice.endsAt) return null;
  for (const seconds of WARNINGS_SECONDS) {
    const at = slice.endsAt - seconds * 1000;
    if (at > slice.startsAt && now >= at && (slice.warnedAt === null || slice.warnedAt < at))
      return Math.round((slice.endsAt - now) / 1000);
  }
  return null;
}
