import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusalOf } from '@/test/refused';
import { markIsDue, monotonicNow } from './clock';
import {
  holdSpan,
  judgeTotalTerm,
  LEASE_PHASES,
  type LeaseTerm,
  phaseAt,
  phaseEndsAt,
  renewTerm,
  termSpan,
} from './term';

const term: fc.Arbitrary<LeaseTerm> = fc
  .record({ start: fc.nat(50), length: fc.integer({ min: 1, max: 50 }), graceSeconds: fc.nat(20) })
  .map(({ start, length, graceSeconds }) => ({ start, end: start + length, graceSeconds }));

describe('phases', () => {
  test('each instant has one, in order, and its ends are half-open', () => {
    fc.assert(
      fc.property(term, fc.integer({ min: -1000, max: 130_000 }), (t, now) => {
        const phase = phaseAt(t, now);
        const span = termSpan(t);
        expect(phase === 'running').toBe(span.start <= now && now < span.end);
        expect(phase === 'over').toBe(now >= holdSpan(t).end);
        expect(LEASE_PHASES.indexOf(phaseAt(t, now + 1))).toBeGreaterThanOrEqual(LEASE_PHASES.indexOf(phase));
        const ends = phaseEndsAt(t, now);
        if (ends === null) {
          expect(phase).toBe('over');
          return;
        }
        expect(phaseAt(t, ends - 1)).toBe(phase);
        expect(ends).toBeGreaterThan(now);
        expect(phaseAt(t, ends)).not.toBe(phase);
      }),
    );
  });
});

describe('renewal', () => {
  test('however often a lease is renewed, start to end is at most the policy’s maximum, and no renewal shortens it', () => {
    fc.assert(
      fc.property(
        term,
        fc.array(fc.record({ end: fc.nat(300), graceSeconds: fc.nat(20), after: fc.nat(40) })),
        fc.integer({ min: 60, max: 200 }),
        (first, wishes, max) => {
          fc.pre(first.end - first.start <= max);
          let t = first;
          let now = first.start * 1000;
          for (const wish of wishes) {
            now += wish.after * 1000;
            const before = t;
            const code = refusalOf(() => {
              t = renewTerm(t, wish, { maxAheadSeconds: max / 2, maxTotalSeconds: max }, now);
            });
            if (code !== 'accepted') {
              expect(t).toEqual(before);
              continue;
            }
            expect(phaseAt(before, now)).not.toBe('over');
            expect(t.end).toBeGreaterThan(before.end);
            expect(t.start).toBe(first.start);
            expect(t.end - t.start).toBeLessThanOrEqual(max);
            expect(t.end - Math.floor(now / 1000)).toBeLessThanOrEqual(max / 2);
          }
        },
      ),
    );
  });

  test('works in the grace, to its last second, and not after', () => {
    const t = { start: 0, end: 100, graceSeconds: 10 };
    expect(renewTerm(t, { end: 200, graceSeconds: 10 }, MOST, 109_999).end).toBe(200);
    expect(refusalOf(() => renewTerm(t, { end: 200, graceSeconds: 10 }, MOST, 110_000))).toBe('LEASE_OVER');
    expect(refusalOf(() => renewTerm(t, { end: 100, graceSeconds: 10 }, MOST, 0))).toBe('WRONG_STATE');
    expect(refusalOf(() => judgeTotalTerm(0, 1001, 1000))).toBe('TERM_TOO_LONG');
    expect(refusalOf(() => judgeTotalTerm(0, 1000, 1000))).toBe('accepted');
  });
});

const MOST = { maxAheadSeconds: 1000, maxTotalSeconds: 1000 };

describe('a clock that steps back', () => {
  test('reopens nothing: what was over stays over, across crashes that forget the last marks', () => {
    const walls = fc.array(fc.record({ wall: fc.nat(130_000), crash: fc.boolean() }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(term, walls, fc.constantFrom(0, 1000), (t, steps, stepMs) => {
        let mark = 0;
        let written = 0;
        let believed = 0;
        for (const { wall, crash } of steps) {
          if (crash) mark = written;
          mark = monotonicNow(mark, wall);
          // A phase that ends is written down when it ends; else each step of time.
          if (markIsDue(written, mark, stepMs) || phaseAt(t, mark) !== phaseAt(t, written)) written = mark;
          expect(LEASE_PHASES.indexOf(phaseAt(t, mark))).toBeGreaterThanOrEqual(
            LEASE_PHASES.indexOf(phaseAt(t, believed)),
          );
          believed = mark;
        }
      }),
    );
  });
});
