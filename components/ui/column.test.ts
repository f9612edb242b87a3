import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Column, sortRows } from './column';

type Row = { n: number | null; s: string };
const columns: readonly Column<Row>[] = [
  { id: 'n', header: '', cell: () => null, sort: (r) => r.n },
  { id: 's', header: '', cell: () => null, sort: (r) => r.s },
  { id: 'plain', header: '', cell: () => null },
];
const rows = fc.array(fc.record({ n: fc.option(fc.integer()), s: fc.string() }));

test('sorts both ways, keeps every row, and puts what has no value last', () => {
  fc.assert(
    fc.property(rows, fc.constantFrom('n', '-n'), (given, order) => {
      const sorted = sortRows(given, columns, order);
      expect(sorted).toHaveLength(given.length);
      expect(given.every((row) => sorted.includes(row))).toBe(true);
      const values = sorted.map((r) => r.n);
      const known = values.filter((n) => n !== null);
      expect(values.slice(known.length).every((n) => n === null)).toBe(true);
      const up = [...known].sort((a, b) => a - b);
      expect(known).toEqual(order === 'n' ? up : up.reverse());
    }),
  );
});

test('node2 stands before node10, and a column that cannot be sorted changes nothing', () => {
  const two = [
    { n: 0, s: 'node10' },
    { n: 0, s: 'node2' },
  ];
  expect(sortRows(two, columns, 's').map((r) => r.s)).toEqual(['node2', 'node10']);
  expect(sortRows(two, columns, 'plain')).toBe(two);
  expect(sortRows(two, columns, 'nosuch')).toBe(two);
});
