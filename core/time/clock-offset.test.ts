import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bestOffset, clockOffset } from './clock-offset';

const ms = fc.integer({ min: 0, max: 5000 });

test('the true offset lies within the error, however the round trip was shared out', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), ms, ms, (truth, there, back) => {
      const askedAt = 1e12;
      const found = clockOffset({ askedAt, tookMs: there + back, theirs: askedAt + there + truth });
      expect(Math.abs(found.offsetMs - truth)).toBeLessThanOrEqual(found.errorMs);
    }),
  );
});

test('the quickest answer is believed', () => {
  expect(bestOffset([])).toBeNull();
  const slow = { askedAt: 1000, tookMs: 900, theirs: 5000 };
  expect(bestOffset([slow, { askedAt: 2000, tookMs: 10, theirs: 2105 }, slow])).toEqual({ offsetMs: 100, errorMs: 5 });
});
