import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NO_QUOTA, overQuota, QUOTA_MEASURES, quotaOf, raises } from './quota';

const amounts = fc.record({
  slivers: fc.nat(5000),
  cpuMilli: fc.nat(2_000_000),
  memoryMiB: fc.nat(2_000_000),
  diskMiB: fc.nat(2_000_000),
  networkKbps: fc.nat(2_000_000),
});

test('fits exactly when no measure exceeds its limit', () => {
  fc.assert(
    fc.property(amounts, amounts, amounts, (limit, used, wants) => {
      const fits = QUOTA_MEASURES.every((m) => used[m] + wants[m] <= limit[m]);
      expect(overQuota(limit, used, wants) === null).toBe(fits);
    }),
  );
});

test('names the measure that is short, with its amounts', () => {
  const one = { cpuMilli: 100, memoryMiB: 128, diskMiB: 512, networkKbps: 1000 };
  const limit = { slivers: 100, cpuMilli: 10_000, memoryMiB: 1000, diskMiB: 100_000, networkKbps: 1_000_000 };
  expect(overQuota(limit, quotaOf(one, 5), quotaOf(one, 4))).toEqual({
    code: 'OVER_QUOTA',
    facts: { resource: 'memoryMiB', wants: 512, used: 640, quota: 1000 },
  });
});

test('a site without a quota may hold nothing', () => {
  expect(overQuota(NO_QUOTA, NO_QUOTA, { ...NO_QUOTA, slivers: 1 })?.code).toBe('OVER_QUOTA');
});

test('lowering is not raising; one measure raised is', () => {
  fc.assert(
    fc.property(amounts, (limit) => {
      expect(raises(limit, limit)).toBe(false);
      expect(raises(limit, { ...limit, diskMiB: limit.diskMiB + 1, slivers: 0 })).toBe(true);
    }),
  );
});
