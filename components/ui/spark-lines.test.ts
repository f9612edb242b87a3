import { expect, test } from 'vitest';
import { linesOf } from './spark-lines';

const at = (minute: number) => new Date(1_800_000_000_000 + minute * 60_000);

test('zero is at the bottom, the limit at the top, and what nobody said is a gap', () => {
  const points = [0, 1, 2].map((minute) => ({ at: at(minute), value: minute * 50 }));
  expect(linesOf(points, 100, 10, 100)).toEqual({ lines: ['0,10 50,5 100,0'], top: 100 });
  const gapped = linesOf([...points, { at: at(10), value: 200 }], 100, 10, 100);
  expect([gapped.lines.length, gapped.top]).toEqual([2, 200]);
  expect(linesOf([], 100, 10).lines).toEqual([]);
  expect(linesOf([{ at: at(0), value: 0 }], 100, 10).lines).toHaveLength(1);
  expect(linesOf([{ at: at(0), value: null }], 100, 10).lines).toEqual([]);
});
