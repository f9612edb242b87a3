import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cpuShares, entitlements } from './shares';

const part = fc.record({ reserved: fc.nat(500), weight: fc.integer({ min: 1, max: 1000 }) });
const some = fc.array(part, { minLength: 1, maxLength: 40 });
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

test('every reservation holds, every part gets 1/N of the rest, and nothing is given twice', () => {
  fc.assert(
    fc.property(some, fc.nat(100), fc.nat(5_000), (parts, places, spare) => {
      const reserved = sum(parts.map((p) => p.reserved));
      const capacity = reserved + spare;
      const given = entitlements(capacity, parts, places);
      expect(sum(given)).toBeCloseTo(capacity, 5);
      const n = Math.max(places, parts.length);
      for (const [i, p] of parts.entries()) expect(given[i] ?? 0).toBeGreaterThanOrEqual(p.reserved + spare / n - 1e-9);
    }),
  );
});

test('equal weights divide the rest equally; weights count for what is not assured', () => {
  const parts = [
    { reserved: 500, weight: 100 },
    { reserved: 0, weight: 100 },
    { reserved: 0, weight: 100 },
  ];
  expect(entitlements(2000, parts, 10)).toEqual([1000, 500, 500]);
  const [light = 0, heavy = 0] = entitlements(
    1000,
    [
      { reserved: 0, weight: 1 },
      { reserved: 0, weight: 999 },
    ],
    10,
  );
  expect(light).toBeCloseTo(100 + 800 * 0.001);
  expect(heavy).toBeCloseTo(100 + 800 * 0.999);
});

test('the kernel divides in these proportions, so reservations hold also where capacity has shrunk below them in part', () => {
  fc.assert(
    fc.property(some, (parts) => {
      const capacity = Math.max(1000, sum(parts.map((p) => p.reserved)));
      const shares = entitlements(capacity, parts, 1).map((e) => cpuShares(e, capacity));
      for (const [i, p] of parts.entries()) {
        const gets = (capacity * (shares[i] ?? 0)) / sum(shares);
        expect(gets).toBeGreaterThanOrEqual(p.reserved * 0.99 - 1);
      }
    }),
  );
  expect(entitlements(100, [{ reserved: 150, weight: 1 }], 1)).toEqual([150]);
});
