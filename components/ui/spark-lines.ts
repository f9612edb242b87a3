export type Point = { at: Date; value: number | null };

/** Points further apart than this have a gap between them. */
const GAP_MS = 150_000;

/**
 * Points as polylines within a box, oldest at the left, zero at the bottom. `top` is the value at the upper edge: `limit`, or the highest where that
 * is more. A lone point is a short line, so that it can be seen.
 */
export function linesOf(
  points: readonly Point[],
  width: number,
  height: number,
  limit?: number,
): { lines: string[]; top: number } {
  const known = points.flatMap(({ at, value }) => (value === null ? [] : [{ at: at.getTime(), value }]));
  const [first, last] = [known[0], known.at(-1)];
  const top = Math.max(limit ?? 0, ...known.map(({ value }) => value)) || 1;
  if (!first || !last) return { lines: [], top };
  const span = Math.max(1, last.at - first.at);
  const place = (at: number, value: number) =>
    `${((at - first.at) / span) * width},${height - (Math.min(value, top) / top) * height}`;
  const runs: (typeof known)[] = [];
  for (const point of known) {
    const run = runs.at(-1);
    const before = run?.at(-1);
    if (run && before && point.at - before.at <= GAP_MS) run.push(point);
    else runs.push([point]);
  }
  const lines = runs.map((run) =>
    run.length === 1 && run[0]
      ? `${place(run[0].at, run[0].value)} ${place(run[0].at + span / 100, run[0].value)}`
      : run.map(({ at, value }) => place(at, value)).join(' '),
  );
  return { lines, top };
}
