import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HARD_RESOURCES, type HardAmounts } from '../resources/vector';
import type { Span } from '../time/span';
import { LoadProfile } from './load-profile';

type Claim = Span & { amounts: HardAmounts };

/** The same answers by looking at every step: for trees of three levels, which the other tests' few claims do not reach. */
class Slow {
  readonly claims = new Map<number, Claim>();
  private steps: { at: number; load: HardAmounts }[] = [];
  settle() {
    const at = [...new Set([...this.claims.values()].flatMap((c) => [c.start, c.end]))].sort((a, b) => a - b);
    const load = { cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };
    const changes = new Map<number, HardAmounts[]>();
    for (const c of this.claims.values()) {
      changes.set(c.start, [...(changes.get(c.start) ?? []), c.amounts]);
      const negative = { ...c.amounts };
      for (const r of HARD_RESOURCES) negative[r] = -negative[r];
      changes.set(c.end, [...(changes.get(c.end) ?? []), negative]);
    }
    this.steps = at.map((instant) => {
      for (const change of changes.get(instant) ?? []) for (const r of HARD_RESOURCES) load[r] += change[r];
      return { at: instant, load: { ...load } };
    });
  }
  at(instant: number) {
    return (
      this.steps.findLast((s) => s.at <= instant)?.load ?? { cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 }
    );
  }
  loads({ start, end }: Span) {
    return [{ at: start, load: this.at(start) }, ...this.steps.filter((step) => start < step.at && step.at < end)];
  }
  peak(span: Span) {
    const loads = this.loads(span).map((s) => s.load);
    return Object.fromEntries(HARD_RESOURCES.map((r) => [r, Math.max(...loads.map((l) => l[r]))]));
  }
  over(r: keyof HardAmounts, limit: number, span: Span) {
    return this.loads(span).filter((s) => s.load[r] > limit);
  }
  endsAfter(r: keyof HardAmounts, limit: number, from: number) {
    return this.steps.find((s) => s.at > from && s.load[r] <= limit)?.at ?? Number.POSITIVE_INFINITY;
  }
}

const amounts = fc.record({
  cpuMilli: fc.nat(9),
  memoryMiB: fc.nat(9),
  diskMiB: fc.constant(0),
  networkKbps: fc.nat(1_000_000),
});
const claim = fc
  .record({ start: fc.nat(9_000), length: fc.integer({ min: 1, max: 4_000 }), amounts })
  .map(({ start, length, amounts: a }): Claim => ({ start, end: start + length, amounts: a }));
const span = fc.record({ start: fc.integer({ min: -10, max: 13_000 }), length: fc.integer({ min: 1, max: 5_000 }) });
const round = fc.record({
  add: fc.array(claim, { minLength: 400, maxLength: 900 }),
  keep: fc.integer({ min: 0, max: 100 }),
  ask: fc.array(fc.record({ span, limit: fc.nat(1000), resource: fc.constantFrom(...HARD_RESOURCES) }), {
    minLength: 30,
    maxLength: 30,
  }),
});

test('thousands of changes, taken back in any order, read the same as step by step', () => {
  const seen = { stretches: 0, none: 0 };
  fc.assert(
    fc.property(fc.array(round, { minLength: 2, maxLength: 4 }), (rounds) => {
      const profile = new LoadProfile();
      const slow = new Slow();
      let id = 0;
      for (const { add, keep, ask } of rounds) {
        for (const c of add) {
          profile.change(c, c.amounts, 1);
          slow.claims.set(id++, c);
        }
        for (const [key, c] of [...slow.claims].sort(([a], [b]) => ((a * 7919) % 997) - ((b * 7919) % 997))) {
          if ((key * 31) % 100 < keep) continue;
          profile.change(c, c.amounts, -1);
          slow.claims.delete(key);
        }
        slow.settle();
        for (const { span: s, limit: permille, resource } of ask) {
          const within = { start: s.start, end: s.start + s.length };
          expect(profile.at(within.start)).toEqual(slow.at(within.start));
          const peak = slow.peak(within);
          expect(profile.peak(within)).toEqual(peak);
          const limit = Math.floor(((peak[resource] ?? 0) * permille) / 1000);
          const over = slow.over(resource, limit, within);
          const [first, last] = [over[0], over.at(-1)];
          seen[first ? 'stretches' : 'none']++;
          const end = first && slow.endsAfter(resource, limit, first.at);
          expect(profile.firstAbove(resource, limit, within)).toEqual(
            first && end !== undefined
              ? { start: first.at, end, peak: slow.peak({ start: first.at, end })[resource] }
              : null,
          );
          expect(profile.lastAboveEnds(resource, limit, within)).toBe(
            last ? slow.endsAfter(resource, limit, last.at) : null,
          );
        }
      }
      for (const c of slow.claims.values()) profile.change(c, c.amounts, -1);
      expect(profile.peak({ start: -100, end: 100_000 })).toEqual(slow.at(-1000));
    }),
    { numRuns: 8 },
  );
  expect(Math.min(seen.stretches, seen.none)).toBeGreaterThan(50);
}, 30_000);
