'use client';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRouter } from 'next/navigation';
import { type KeyboardEvent, type ReactNode, useMemo, useRef, useState } from 'react';
import { cn } from './cn';
import { type Column, FROM, sortRows } from './column';
import { TableHead } from './table-head';

export type { Column };

import { useAddress } from './address';

export type TableProps<Row> = {
  /** Says what the table holds; read out, not shown. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Where Enter or a press on the row leads. */
  href?: (row: Row) => string | null;
  onOpen?: (row: Row) => void;
  /** The address parameter that holds the sort order: "<column>" or "-<column>". */
  sortParam?: string;
  sortDefault?: string;
  /** Height from which it scrolls by itself, with a sticky header; also draws only the rows in view. */
  maxHeight?: string;
  empty?: ReactNode;
};

const ROW_HEIGHT = 36;

/** Rows and columns: sortable, columns can be widened, arrow keys move between rows, 1 row and 50,000 both fit. */
export function Table<Row>(props: TableProps<Row>) {
  const {
    columns,
    rows,
    rowKey,
    href,
    onOpen,
    caption,
    sortParam = 'sort',
    sortDefault = '',
    maxHeight,
    empty,
  } = props;
  const router = useRouter();
  const [order, setOrder] = useAddress(sortParam, sortDefault);
  const [widths, setWidths] = useState<Record<string, number>>({});
  const sorted = useMemo(() => sortRows(rows, columns, order), [rows, columns, order]);
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    enabled: maxHeight !== undefined,
    initialRect: { width: 1000, height: 800 },
  });
  const items = maxHeight === undefined ? sorted.map((_, index) => ({ index })) : virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? -1;

  const open = (row: Row) => {
    const to = href?.(row);
    if (to) router.push(to);
    else onOpen?.(row);
  };
  const onKey = (event: KeyboardEvent<HTMLTableRowElement>, index: number, row: Row) => {
    if (event.target !== event.currentTarget) return;
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: sorted.length - 1 }[event.key];
    if (event.key === 'Enter') open(row);
    if (to === undefined || to < 0 || to >= sorted.length) return;
    event.preventDefault();
    if (maxHeight !== undefined) virtual.scrollToIndex(to);
    requestAnimationFrame(() => frame.current?.querySelector<HTMLElement>(`tr[data-index="${to}"]`)?.focus());
  };
  const clickable = href !== undefined || onOpen !== undefined;
  // One row takes part in the tab order (the first in view); arrow keys reach the rest.
  return (
    <div
      className={cn('relative overflow-x-auto border-line border-y', maxHeight && 'overflow-y-auto')}
      ref={frame}
      style={{ maxHeight }}
    >
      <table className="w-full table-fixed border-separate border-spacing-0 text-table">
        <caption className="sr-only">{caption}</caption>
        <TableHead columns={columns} onOrder={setOrder} onWidths={setWidths} order={order} widths={widths} />
        <tbody>
          {first > 0 && <Gap height={first * ROW_HEIGHT} />}
          {items.map(({ index }) => {
            const row = sorted[index];
            if (row === undefined) return null;
            return (
              <tr
                className={cn(
                  'group h-9 outline-none hover:bg-hover focus-visible:bg-accent-soft',
                  clickable && 'cursor-pointer',
                )}
                data-index={index}
                key={rowKey(row)}
                onClick={(event) => {
                  if (!clickable || (event.target instanceof Element && event.target.closest('a,button,input,label')))
                    return;
                  if (window.getSelection()?.toString() === '') open(row);
                }}
                onKeyDown={(event) => onKey(event, index, row)}
                tabIndex={index === first ? 0 : -1}
              >
                {columns.map((c) => (
                  <td
                    className={cn(
                      'truncate border-line border-b px-2.5 first:pl-1 last:pr-1 group-last:border-b-0',
                      c.align === 'right' && 'text-right tabular-nums',
                      c.from && FROM[c.from],
                    )}
                    key={c.id}
                  >
                    {c.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          {last < sorted.length - 1 && <Gap height={(sorted.length - 1 - last) * ROW_HEIGHT} />}
        </tbody>
      </table>
      {rows.length === 0 && <div className="px-1 py-6 text-soft">{empty ?? 'Nothing here.'}</div>}
    </div>
  );
}

function Gap({ height }: { height: number }) {
  return (
    <tr>
      <td style={{ height, padding: 0 }} />
    </tr>
  );
}
