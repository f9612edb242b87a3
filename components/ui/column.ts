import type { ReactNode } from 'react';

export type Column<Row> = {
  id: string;
  header: ReactNode;
  cell: (row: Row) => ReactNode;
  /** Compared when sorted by this column; a column without it cannot be sorted. Null sorts last. */
  sort?: (row: Row) => string | number | null;
  /** Figures that are compared stand right. */
  align?: 'right';
  /** Starting width in px; columns without one share the rest. The person can drag it. */
  width?: number;
  /** On a phone it takes what the others leave, whatever its width elsewhere. */
  restOnPhone?: boolean;
  /** Hidden below this breakpoint. */
  from?: 'sm' | 'md' | 'lg';
};

/** The classes that hide a column below its breakpoint. */
export const FROM = { sm: 'max-sm:hidden', md: 'max-md:hidden', lg: 'max-lg:hidden' } as const;

/** Sorted by "<column>" or "-<column>" (descending); stable; rows without a value last in both directions. */
export function sortRows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: string): readonly Row[] {
  const down = order.startsWith('-');
  const value = columns.find((c) => c.id === order.replace(/^-/, ''))?.sort;
  if (!value) return rows;
  return [...rows].sort((a, b) => {
    const x = value(a);
    const y = value(b);
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    const by =
      typeof x === 'number' && typeof y === 'number'
        ? x - y
        : String(x).localeCompare(String(y), 'en', { numeric: true });
    return down ? -by : by;
  });
}
