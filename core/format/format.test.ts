import { expect, test } from 'vitest';
import { formatDuration, formatSeconds } from './duration';
import { formatAmount, formatCount, formatNumber } from './number';
import { formatUtc } from './time';

const [S, MIN, H, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

test.each([
  [0, '0 s'],
  [-5, '0 s'],
  [250, '250 ms'],
  [1000, '1 s'],
  [1449, '1.4 s'],
  [9999, '9.9 s'],
  [40 * S, '40 s'],
  [125 * S, '2 min 5 s'],
  [2 * H, '2 h'],
  [2 * H + 59 * S, '2 h'],
  [DAY + 3 * H + 59 * MIN, '1 day 3 h'],
  [14 * DAY, '14 days'],
  [5000 * DAY, '5,000 days'],
])('%d ms reads %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

test('seconds', () => expect(formatSeconds(1_209_600)).toBe('14 days'));

test.each([
  [0, '0'],
  [999, '999'],
  [1448, '1,448'],
  [1_234_567.25, '1,234,567.25'],
  [-1000, '−1,000'],
])('%d is written %s', (n, text) => expect(formatNumber(n)).toBe(text));

test('amounts and counts', () => {
  expect(formatAmount('cpuMilli', 1000)).toBe('1 core');
  expect(formatAmount('cpuMilli', 250)).toBe('0.25 cores');
  expect(formatAmount('memoryMiB', 2048)).toBe('2,048 MiB');
  expect(formatAmount('networkKbps', 10_000)).toBe('10,000 kbit/s');
  expect(formatCount(1, 'node')).toBe('1 node');
  expect(formatCount(1448, 'node')).toBe('1,448 nodes');
  expect(formatCount(0, 'country', 'countries')).toBe('0 countries');
});

test('times are UTC; the day is left out when it is today', () => {
  const at = Date.UTC(2026, 10, 22, 14, 5);
  expect(formatUtc(at)).toBe('14:05 UTC on 22 Nov 2026');
  expect(formatUtc(new Date(at).toISOString(), at - H)).toBe('14:05 UTC');
  expect(formatUtc(at, at + DAY)).toBe('14:05 UTC on 22 Nov 2026');
  expect(formatUtc('soon')).toBeNull();
});
