import { expect, test } from 'vitest';
import { table } from './table.mjs';

test('numbers stand to the right, what is missing is empty', () => {
  const rows = [
    { case: 'issue', value: 15_250.4, unit: '1/s', limit: 27_000, ratio: 0.564 },
    { case: 'deploy-100', value: 1.2345, unit: 's' },
  ];
  expect(table(rows).split('\n')).toEqual([
    'case         value  unit   limit  ratio',
    '──────────  ──────  ────  ──────  ─────',
    'issue       15,250  1/s   27,000   0.56',
    'deploy-100   1.234  s',
  ]);
});
