/** A half-open span of time [start, end). Epoch milliseconds unless a name says seconds; `start` < `end`. */
export type Span = { start: number; end: number };

/** Is the instant inside? The start is, the end is not. */
export function contains(span: Span, at: number): boolean {
  return span.start <= at && at < span.end;
}

/** Do the two share an instant? Spans that only touch do not. */
export function overlaps(a: Span, b: Span): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Does `inner` lie wholly inside `outer`? Equal spans do. */
export function within(inner: Span, outer: Span): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

/** The shared part of two spans, or null. */
export function intersection(a: Span, b: Span): Span | null {
  return overlaps(a, b) ? { start: Math.max(a.start, b.start), end: Math.min(a.end, b.end) } : null;
}

/** A span given in whole epoch seconds, as in signed claims, in epoch milliseconds. */
export function spanFromSeconds(start: number, end: number): Span {
  return { start: start * 1000, end: end * 1000 };
}

/**
 * Is `now` inside the window [notBefore, notAfter) once `skewMs` of clock difference is forgiven on each side? All in
 * the same unit.
 */
export function withinSkew(window: Span, now: number, skew: number): boolean {
  return window.start - skew <= now && now < window.end + skew;
}

/** Epoch milliseconds as ISO 8601 in UTC, as facts carry times. */
export function isoAt(ms: number): string {
  return new Date(ms).toISOString();
}
