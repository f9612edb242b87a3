import { COLUMNS, type Column, indexAt, type LoadNode } from './load-tree';

/** What is held of each column at the instant. */
export function loadAt(root: LoadNode, instant: number): number[] {
  const load = [0, 0, 0, 0];
  let node: LoadNode | undefined = root;
  while (node) {
    const i = indexAt(node, instant);
    if (i < 0) break; // nothing is held yet
    for (let c = 0; c < COLUMNS; c++) load[c] = (load[c] ?? 0) + (node.before[i * COLUMNS + c] ?? 0);
    node = node.children?.[i];
  }
  return load;
}

/** The most of each column at any instant of [start, end). */
export function peakIn(root: LoadNode, start: number, end: number): number[] {
  const most = [0, 0, 0, 0]; // less is never held
  peak(root, start, end, Number.POSITIVE_INFINITY, 0, 0, 0, 0, most);
  return most;
}

/** `until`: all of the node begins before it. a, b, c, d: what is held of each column where the node begins. */
function peak(
  node: LoadNode,
  start: number,
  end: number,
  until: number,
  a: number,
  b: number,
  c: number,
  d: number,
  most: number[],
): void {
  const { at, high, before, children } = node;
  for (let i = Math.max(0, indexAt(node, start)); i < at.length; i++) {
    const first = at[i] ?? end;
    if (first >= end) return;
    const j = i * COLUMNS;
    const next = i + 1 < at.length ? (at[i + 1] ?? until) : until;
    const child = children?.[i];
    if (child && (first <= start || next > end)) {
      const [p = 0, q = 0, r = 0, s = 0] = [before[j], before[j + 1], before[j + 2], before[j + 3]];
      peak(child, start, end, next, a + p, b + q, c + r, d + s, most);
      continue;
    }
    raise(most, 0, a + (high[j] ?? 0));
    raise(most, 1, b + (high[j + 1] ?? 0));
    raise(most, 2, c + (high[j + 2] ?? 0));
    raise(most, 3, d + (high[j + 3] ?? 0));
  }
}

function raise(most: number[], column: Column, load: number): void {
  if (load > (most[column] ?? 0)) most[column] = load;
}

/** The first change after the instant that brings the load of a column above the limit; null when none does. */
export function firstAbove(node: LoadNode, after: number, column: Column, limit: number, base = 0): number | null {
  const { at, high, before, children } = node;
  const from = indexAt(node, after);
  for (let i = Math.max(0, children ? from : from + 1); i < at.length; i++) {
    const j = i * COLUMNS + column;
    if (base + (high[j] ?? 0) <= limit) continue;
    const child = children?.[i];
    if (!child) return at[i] ?? null;
    const found = firstAbove(child, after, column, limit, base + (before[j] ?? 0));
    if (found !== null) return found; // else what is above lies at or before the instant
  }
  return null;
}

/** The first change after the instant that brings the load of a column down to the limit; null when none does. */
export function firstWithin(node: LoadNode, after: number, column: Column, limit: number, base = 0): number | null {
  const { at, low, before, children } = node;
  const from = indexAt(node, after);
  for (let i = Math.max(0, children ? from : from + 1); i < at.length; i++) {
    const j = i * COLUMNS + column;
    if (base + (low[j] ?? 0) > limit) continue;
    const child = children?.[i];
    if (!child) return at[i] ?? null;
    const found = firstWithin(child, after, column, limit, base + (before[j] ?? 0));
    if (found !== null) return found;
  }
  return null;
}

/** The last change in (start, end) after which more than the limit is held of the column; null when there is none. */
export function lastAbove(
  node: LoadNode,
  start: number,
  end: number,
  column: Column,
  limit: number,
  base = 0,
): number | null {
  const { at, high, before, children } = node;
  const from = indexAt(node, start);
  const last = indexAt(node, end);
  for (let i = last; i >= Math.max(0, children ? from : from + 1); i--) {
    const j = i * COLUMNS + column;
    if ((at[i] ?? end) >= end || base + (high[j] ?? 0) <= limit) continue;
    const child = children?.[i];
    if (!child) return at[i] ?? null;
    const found = lastAbove(child, start, end, column, limit, base + (before[j] ?? 0));
    if (found !== null) return found;
  }
  return null;
}
