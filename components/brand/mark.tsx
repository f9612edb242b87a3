/** Half-width of each meridian's ellipse, in a circle of radius 13: seen from the equator, every 30 degrees or so. */
const MERIDIANS = [3.4, 6.5, 9.2, 11.3] as const;

/** Meridian's mark: a circle cut by meridians, one slice filled. Used on sign-in, empty states and the rail's head only. */
export function Mark({ size = 24, className }: { size?: number; className?: string }) {
  return (
    <svg
      aria-hidden="true"
      className={className}
      fill="none"
      focusable="false"
      height={size}
      stroke="currentColor"
      strokeWidth={size > 40 ? 1.5 : 2}
      viewBox="0 0 32 32"
      width={size}
    >
      <path d="M16 3A7 13 0 0 1 16 29Z" fill="currentColor" stroke="none" />
      <circle cx="16" cy="16" r="13" />
      <ellipse cx="16" cy="16" rx="7" ry="13" />
      <path d="M16 3v26" />
    </svg>
  );
}

/** The mark drawn large, in hairlines, with the slice in the accent: the sign-in page's one picture. */
export function Globe({ className }: { className?: string }) {
  return (
    <svg
      aria-hidden="true"
      className={className}
      fill="none"
      focusable="false"
      stroke="currentColor"
      viewBox="0 0 32 32"
    >
      <path className="text-accent" d="M16 3A6.5 13 0 0 1 16 29A3.4 13 0 0 0 16 3Z" fill="currentColor" stroke="none" />
      <g strokeWidth="1" vectorEffect="non-scaling-stroke">
        <circle cx="16" cy="16" r="13" vectorEffect="non-scaling-stroke" />
        {MERIDIANS.map((rx) => (
          <ellipse cx="16" cy="16" key={rx} rx={rx} ry="13" vectorEffect="non-scaling-stroke" />
        ))}
        <path d="M16 3v26" vectorEffect="non-scaling-stroke" />
      </g>
    </svg>
  );
}
