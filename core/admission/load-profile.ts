import { HARD_RESOURCES, type HardAmounts, type HardResource } from '../resources/vector';
import type { Span } from '../time/span';
import { firstAbove, firstWithin, lastAbove, loadAt, peakIn } from './load-search';
import { type Column, changeFrom, emptyLeaf } from './load-tree';

/**
 * Load over time as a step function: at −∞ nothing is held. A change and a question cost the depth of a balanced tree, however
 * many steps the span covers. Loads are exact: amounts are whole numbers.
 */
export class LoadProfile {
  private root = emptyLeaf();

  /** Adds (sign 1) or takes away (sign −1) the amounts over [start, end). */
  change(span: Span, amounts: HardAmounts, sign: 1 | -1): void {
    if (span.end <= span.start || HARD_RESOURCES.every((r) => amounts[r] === 0)) return;
    const { cpuMilli, memoryMiB, diskMiB, networkKbps } = amounts;
    const more = [sign * cpuMilli, sign * memoryMiB, sign * diskMiB, sign * networkKbps];
    this.root = changeFrom(this.root, span.start, more);
    this.root = changeFrom(
      this.root,
      span.end,
      more.map((amount) => 0 - amount),
    );
  }

  /** The load at the instant. */
  at(instant: number): HardAmounts {
    return amountsOf(loadAt(this.root, instant));
  }

  /** The most of each resource at any instant of [start, end). */
  peak(span: Span): HardAmounts {
    return amountsOf(peakIn(this.root, span.start, span.end));
  }

  /**
   * The first stretch of instants in the span at which more than `limit` of the resource is held: where it begins
   * (not before the span), its end (may lie beyond the span), and the most that is held in it. Null when there is
   * none. `limit` ≥ 0.
   */
  firstAbove(resource: HardResource, limit: number, span: Span): (Span & { peak: number }) | null {
    const column = columnOf(resource);
    const above = this.at(span.start)[resource] > limit;
    const start = above ? span.start : firstAbove(this.root, span.start, column, limit);
    if (start === null || start >= span.end) return null;
    const end = firstWithin(this.root, start, column, limit) ?? Number.POSITIVE_INFINITY;
    return { start, end, peak: this.peak({ start, end })[resource] };
  }

  /**
   * When the last stretch in the span at which more than `limit` of the resource is held is over (may lie beyond the span);
   * null when there is none. `limit` ≥ 0.
   */
  lastAboveEnds(resource: HardResource, limit: number, span: Span): number | null {
    const column = columnOf(resource);
    const last =
      lastAbove(this.root, span.start, span.end, column, limit) ??
      (this.at(span.start)[resource] > limit ? span.start : null);
    return last === null ? null : (firstWithin(this.root, last, column, limit) ?? Number.POSITIVE_INFINITY);
  }
}

function columnOf(resource: HardResource): Column {
  return HARD_RESOURCES.indexOf(resource) as Column; // there are as many columns as hard resources
}

function amountsOf([cpuMilli = 0, memoryMiB = 0, diskMiB = 0, networkKbps = 0]: readonly number[]): HardAmounts {
  return { cpuMilli, memoryMiB, diskMiB, networkKbps };
}
