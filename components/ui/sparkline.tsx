import { linesOf, type Point } from './spark-lines';

const [WIDTH, HEIGHT] = [240, 32];

/**
 * How an amount went over the last hours, from zero up to `limit` or its own highest; minutes without a word are gaps. The last value stands
 * beside it in words: this only adds the way there, so that who cannot see it misses little.
 */
export function Sparkline({ points, limit, label }: { points: readonly Point[]; limit?: number; label: string }) {
  const { lines, top } = linesOf(points, WIDTH, HEIGHT, limit);
  if (lines.length === 0) return <div aria-hidden="true" className="h-8 border-line border-b" />;
  return (
    <svg
      aria-label={label}
      className="h-8 w-full overflow-visible border-line border-b"
      preserveAspectRatio="none"
      role="img"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
    >
      <title>{label}</title>
      {limit !== undefined && top > limit && (
        <line
          className="stroke-line-strong"
          strokeDasharray="3 3"
          vectorEffect="non-scaling-stroke"
          x1="0"
          x2={WIDTH}
          y1={HEIGHT - (limit / top) * HEIGHT}
          y2={HEIGHT - (limit / top) * HEIGHT}
        />
      )}
      {lines.map((line) => (
        <polyline
          className="fill-none stroke-accent"
          key={line}
          points={line}
          strokeLinecap="round"
          strokeLinejoin="round"
          strokeWidth="1.5"
          vectorEffect="non-scaling-stroke"
        />
      ))}
    </svg>
  );
}
