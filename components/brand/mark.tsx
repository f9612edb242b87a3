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
      strokeWidth={size > 40 ? 1.25 : 2}
      viewBox="0 0 32 32"
      width={size}
    >
      <path d="M16 3C20.7 6.400 23 11 23 16s-2.300 9.600-7 13Z" fill="currentColor" stroke="none" />
      <circle cx="16" cy="16" r="13" />
      <ellipse cx="16" cy="16" rx="7" ry="13" />
      <path d="M16 3v26" />
    </svg>
  );
}
