import type { HardAmounts } from '../resources/vector';
import { MAX_CLEARS } from '../statement/bounds';
import { type Excess, excessOf } from './excess';
import type { Issued } from './issued';
import { endAfter, type Word } from './word';

/** A receipt that an issuer holds: what it says, and how long its text is. */
export type Evidence = { word: Word; bytes: number };

/** May it be signed, and with which receipts in it? Else where there is too much. */
export type IssueVerdict<E> = { ok: true; clears: E[] } | { ok: false; excess: Excess };

/**
 * The rule of an honest issuer for a ticket: with all that it ever issued under the line, `before`, it stays within the limit, but for
 * what the node's words that the ticket carries clear. Usually it needs none. Else the newest standing, else receipts of single tickets
 * besides, the greatest first; at most `room` bytes of them, and MAX_CLEARS.
 */
export function mayIssue<E extends Evidence>(
  want: Issued & { limit: HardAmounts },
  before: readonly Issued[],
  standing: E | null,
  receipts: readonly E[],
  room: number,
): IssueVerdict<E> {
  const clears: E[] = [];
  const judge = () => excessOf({ ...want, words: clears.map((one) => one.word) }, before);
  const bytes = () => clears.reduce((sum, one) => sum + one.bytes, 0);
  let excess = judge();
  if (excess && standing && standing.bytes <= room) {
    clears.push(standing);
    excess = judge();
  }
  while (excess && clears.length < MAX_CLEARS) {
    const best = mostRelief(excess, before, clears, receipts);
    if (!best || bytes() + best.bytes > room) break;
    clears.push(best);
    excess = judge();
  }
  return excess ? { ok: false, excess } : { ok: true, clears };
}

function mostRelief<E extends Evidence>(
  { at, resource }: Excess,
  before: readonly Issued[],
  clears: readonly E[],
  receipts: readonly E[],
): E | null {
  const words = clears.map((one) => one.word);
  const relief = ({ word }: E) => {
    const holding = before.filter((one) => one.start <= at && at < endAfter(words, one) && at >= endAfter([word], one));
    return holding.reduce((sum, one) => sum + one.amounts[resource], 0);
  };
  let best: { one: E; relief: number } | null = null;
  for (const one of receipts) {
    if (clears.includes(one)) continue;
    const gives = relief(one);
    if (gives > (best?.relief ?? 0)) best = { one, relief: gives };
  }
  return best?.one ?? null;
}

/**
 * The rule of an honest issuer for passing on: a delegation carries no words, so that all that was ever issued counts. Only for the
 * time in which no earlier delegation of the same line, not taken back since, gave as much: that part was promised when that one was
 * signed, and has counted against all that was signed after it. `takenBack`: ids of those that a node's word took back. Null when it
 * may be signed.
 */
export function excessOfPassingOn(
  want: Issued & { limit: HardAmounts },
  before: readonly Issued[],
  takenBack: ReadonlySet<string>,
): Excess | null {
  const promised = before
    .filter((one) => one.group === want.group && covers(one.amounts, want.amounts) && !takenBack.has(one.jti))
    .sort((a, b) => a.start - b.start);
  let from = want.start;
  const spans: { start: number; end: number }[] = [];
  for (const { start, end } of promised) {
    if (start > from) spans.push({ start: from, end: Math.min(start, want.end) });
    from = Math.max(from, end);
  }
  spans.push({ start: from, end: want.end });
  for (const span of spans) {
    if (span.start >= span.end) continue;
    const excess = excessOf({ ...want, words: [] }, before, span);
    if (excess) return excess;
  }
  return null;
}

function covers(have: HardAmounts, want: HardAmounts): boolean {
  return (
    have.cpuMilli >= want.cpuMilli &&
    have.memoryMiB >= want.memoryMiB &&
    have.diskMiB >= want.diskMiB &&
    have.networkKbps >= want.networkKbps
  );
}
