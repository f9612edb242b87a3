import { add, type HardAmounts, type HardResource, NOTHING, subtract } from '../resources/vector';
import type { Span } from '../time/span';

/** The load holds from `at` until the next step's. */
type Step = { at: number; load: HardAmounts };

/**
 * Load over time as a step function: sorted steps, the first implied at −∞ with nothing held. A change costs a binary
 * search and the steps it covers. Loads are exact: amounts are whole numbers.
 */
export class LoadProfile {
  private readonly steps: Step[] = [];

  /** Adds (sign 1) or takes away (sign −1) the amounts over [start, end). */
  change(span: Span, amounts: HardAmounts, sign: 1 | -1): void {
    if (span.end <= span.start) return;
    const first = this.cut(span.start);
    const last = this.cut(span.end);
    for (let i = first; i < last; i++) {
      const step = this.steps[i];
      if (step) step.load = sign === 1 ? add(step.load, amounts) : subtract(step.load, amounts);
    }
    // Only the two edges can have become needless.
    this.join(last);
    this.join(first);
  }

  /** The load at the instant. */
  at(instant: number): HardAmounts {
    return this.loadOf(this.indexAt(instant));
  }

  /** The most of each resource at any instant of [start, end). */
  peak(span: Span): HardAmounts {
    const most = { ...this.at(span.start) };
    for (let i = this.indexAt(span.start) + 1; i < this.steps.length; i++) {
      const step = this.steps[i];
      if (!step || step.at >= span.end) break;
      most.cpuMilli = Math.max(most.cpuMilli, step.load.cpuMilli);
      most.memoryMiB = Math.max(most.memoryMiB, step.load.memoryMiB);
      most.diskMiB = Math.max(most.diskMiB, step.load.diskMiB);
      most.networkKbps = Math.max(most.networkKbps, step.load.networkKbps);
    }
    return most;
  }

  /**
   * The first stretch of instants in the span at which more than `limit` of the resource is held: where it begins
   * (not before the span), its end (may lie beyond the span), and the most that is held in it. Null when there is
   * none. `limit` ≥ 0.
   */
  firstAbove(resource: HardResource, limit: number, span: Span): (Span & { peak: number }) | null {
    let i = this.indexAt(span.start);
    while (this.loadOf(i)[resource] <= limit) {
      const next = this.steps[++i];
      if (!next || next.at >= span.end) return null;
    }
    const start = Math.max(span.start, this.steps[i]?.at ?? span.start);
    let peak = 0;
    for (; this.loadOf(i)[resource] > limit; i++) peak = Math.max(peak, this.loadOf(i)[resource]);
    return { start, end: this.steps[i]?.at ?? Number.POSITIVE_INFINITY, peak };
  }

  /** Index of the step that holds at the instant; −1 before the first. */
  private indexAt(instant: number): number {
    let low = 0;
    let high = this.steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.steps[middle]?.at ?? 0) <= instant) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private loadOf(index: number): HardAmounts {
    return this.steps[index]?.load ?? NOTHING;
  }

  /** Makes a step begin at the instant, and gives its index. */
  private cut(instant: number): number {
    const index = this.indexAt(instant);
    if (this.steps[index]?.at === instant) return index;
    this.steps.splice(index + 1, 0, { at: instant, load: this.loadOf(index) });
    return index + 1;
  }

  /** Drops a step that changes nothing. */
  private join(index: number): void {
    const a = this.loadOf(index - 1);
    const b = this.loadOf(index);
    const same =
      a.cpuMilli === b.cpuMilli &&
      a.memoryMiB === b.memoryMiB &&
      a.diskMiB === b.diskMiB &&
      a.networkKbps === b.networkKbps;
    if (same) this.steps.splice(index, 1);
  }
}
