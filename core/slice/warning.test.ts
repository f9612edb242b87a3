import { expect, test } from 'vitest';
import { warningDue } from './warning';

const DAY = 86_400_000;

test('a slice of two weeks is warned of twice, three days and a day before it ends', () => {
  const slice = { startsAt: 0, endsAt: 14 * DAY };
  const told: number[] = [];
  let warnedAt: number | null = null;
  for (let now = 0; now < 15 * DAY; now += 3_600_000) {
    if (warningDue({ ...slice, warnedAt }, now) === null) continue;
    told.push(now / DAY);
    warnedAt = now;
  }
  expect(told).toEqual([11, 13]);
});

test('a worker that was away for days warns once, and not of what is over', () => {
  expect(warningDue({ startsAt: 0, endsAt: 14 * DAY, warnedAt: null }, 13.5 * DAY)).toBe(43_200);
  expect(warningDue({ startsAt: 0, endsAt: 14 * DAY, warnedAt: 13.5 * DAY }, 13.6 * DAY)).toBe(null);
  expect(warningDue({ startsAt: 0, endsAt: 14 * DAY, warnedAt: null }, 14 * DAY)).toBe(null);
});

test('a slice of an hour is not warned of', () => {
  expect(warningDue({ startsAt: 0, endsAt: 3_600_000, warnedAt: null }, 1_800_000)).toBe(null);
});
