import { HARD_RESOURCES, type HardAmounts, type HardResource, NOTHING } from '../resources/vector';
import type { Span } from '../time/span';
import type { Issued } from './issued';
import { endAfter, type Word } from './word';

/** A statement with the limit of the link under which it was issued, and the words that it carries. */
export type Shown = Issued & { limit: HardAmounts; words: readonly Word[] };

/** Where more was issued than the limit allows: at that instant (epoch seconds), all of it together. `until`: when that stretch is over. */
export type Excess = { at: number; until: number; resource: HardResource; issued: number; limit: number };

/** A change of what is held at an instant, up or down. */
type Step = { at: number; sign: 1 | -1; amounts: HardAmounts };

/**
 * The first instant of the statement's span at which it, with all of `others` that the words which it carries do not clear,
 * is more than its link's limit, of a resource that it wants; null when it never is. With fewer others there is no more excess.
 */
export function excessOf(one: Shown, others: Iterable<Issued>, span: Span = one): Excess | null {
  const steps = stepsWithin(one, others, span);
  const load = { ...NOTHING };
  let found: Excess | null = null;
  for (let i = 0; i < steps.length; ) {
    const at = steps[i]?.at ?? span.end;
    for (; steps[i]?.at === at; i++) apply(load, steps[i]);
    if (found && load[found.resource] <= found.limit) return { ...found, until: at };
    if (found) continue;
    const resource = HARD_RESOURCES.find((r) => one.amounts[r] > 0 && load[r] > one.limit[r]);
    if (resource) found = { at, until: span.end, resource, issued: load[resource], limit: one.limit[resource] };
  }
  return found;
}

/** The most that was issued at any one instant, of each resource by itself. */
export function peakIssued(items: readonly Issued[]): HardAmounts {
  const peak = { ...NOTHING };
  const [first] = items;
  if (!first) return peak;
  const span = { start: 0, end: Number.MAX_SAFE_INTEGER };
  const load = { ...NOTHING };
  const steps = stepsWithin({ ...first, limit: NOTHING, words: [] }, items.slice(1), span);
  for (let i = 0; i < steps.length; ) {
    for (const at = steps[i]?.at; i < steps.length && steps[i]?.at === at; i++) apply(load, steps[i]);
    for (const r of HARD_RESOURCES) peak[r] = Math.max(peak[r], load[r]);
  }
  return peak;
}

/** Is there still too much at that very instant? As `excessOf` found it among more others; much quicker. */
export function stillExceeds({ at, resource, limit }: Excess, one: Shown, others: Iterable<Issued>): boolean {
  const greatest = new Map([[one.group, one.amounts[resource]]]);
  let load = one.amounts[resource];
  for (const other of others) {
    const amount = other.amounts[resource];
    if (other === one || other.start > at || other.end <= at || amount === 0) continue;
    if (one.words.length > 0 && endAfter(one.words, other) <= at) continue;
    const counted = greatest.get(other.group) ?? 0;
    if (amount <= counted) continue;
    greatest.set(other.group, amount);
    load += amount - counted;
    if (load > limit) return true;
  }
  return load > limit;
}

function apply(load: HardAmounts, step: Step | undefined): void {
  if (step) for (const r of HARD_RESOURCES) load[r] += step.sign * step.amounts[r];
}

function stepsWithin(one: Shown, others: Iterable<Issued>, within: Span): Step[] {
  const groups = new Map<string, (Span & { amounts: HardAmounts })[]>();
  const enter = (each: Issued, until: number) => {
    const start = Math.max(each.start, within.start);
    const end = Math.min(until, within.end);
    if (start >= end) return;
    const piece = { start, end, amounts: each.amounts };
    const group = groups.get(each.group);
    if (group) group.push(piece);
    else groups.set(each.group, [piece]);
  };
  enter(one, one.end);
  for (const other of others) if (other !== one) enter(other, endAfter(one.words, other));
  const steps: Step[] = [];
  for (const group of groups.values()) {
    for (const { start, end, amounts } of group.length === 1 ? group : greatest(group)) {
      steps.push({ at: start, sign: 1, amounts }, { at: end, sign: -1, amounts });
    }
  }
  return steps.sort((a, b) => a.at - b.at);
}

/** Of pieces that take each other's place, the greatest at each instant, of each resource by itself. */
function greatest(pieces: readonly (Span & { amounts: HardAmounts })[]): (Span & { amounts: HardAmounts })[] {
  const edges = [...new Set(pieces.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  return edges.slice(0, -1).map((start, i) => {
    const end = edges[i + 1] ?? start;
    const amounts = { ...NOTHING };
    for (const piece of pieces) {
      if (piece.start > start || piece.end < end) continue;
      for (const r of HARD_RESOURCES) amounts[r] = Math.max(amounts[r], piece.amounts[r]);
    }
    return { start, end, amounts };
  });
}
