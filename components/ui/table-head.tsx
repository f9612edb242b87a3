'use client';
import { ArrowDown, ArrowUp } from 'lucide-react';
import type { Dispatch, PointerEvent, SetStateAction } from 'react';
import { cn } from './cn';
import { type Column, FROM } from './column';

type Widths = Record<string, number>;
type TableHeadProps<Row> = {
  columns: readonly Column<Row>[];
  order: string;
  onOrder: (order: string) => void;
  widths: Widths;
  onWidths: Dispatch<SetStateAction<Widths>>;
};

/** The sticky header: a press sorts, a drag on the edge (or arrow keys on it) widens. */
export function TableHead<Row>({ columns, order, onOrder, widths, onWidths }: TableHeadProps<Row>) {
  const by = order.replace(/^-/, '');
  return (
    <thead className="sticky top-0 z-10 bg-paper">
      <tr>
        {columns.map((c, i) => {
          const sorted = by === c.id ? (order.startsWith('-') ? 'descending' : 'ascending') : undefined;
          const Arrow = sorted === 'descending' ? ArrowDown : ArrowUp;
          return (
            <th
              aria-sort={sorted}
              className={cn(
                'relative h-9 border-line border-b px-2.5 text-left font-medium text-soft first:pl-1 last:pr-1',
                c.align === 'right' && 'text-right',
                c.from && FROM[c.from],
                c.restOnPhone && 'max-sm:w-auto!',
              )}
              key={c.id}
              scope="col"
              style={{ width: widths[c.id] ?? c.width }}
            >
              {c.sort ? (
                <button
                  className={cn(
                    'inline-flex max-w-full items-center gap-1 hover:text-ink',
                    c.align === 'right' && 'flex-row-reverse',
                    sorted && 'text-ink',
                  )}
                  onClick={() => onOrder(sorted === 'ascending' ? `-${c.id}` : c.id)}
                  type="button"
                >
                  <span className="truncate">{c.header}</span>
                  <Arrow aria-hidden="true" className={cn('size-3 shrink-0', !sorted && 'invisible')} />
                </button>
              ) : (
                <span className="block truncate">{c.header}</span>
              )}
              {i < columns.length - 1 && <Edge id={c.id} onWidths={onWidths} />}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

const MIN_WIDTH = 48;

function Edge({ id, onWidths }: { id: string; onWidths: Dispatch<SetStateAction<Widths>> }) {
  const widen = (cell: Element | null, by: number) => {
    const now = cell?.getBoundingClientRect().width ?? 0;
    onWidths((w) => ({ ...w, [id]: Math.max(MIN_WIDTH, Math.round(now + by)) }));
  };
  const drag = (event: PointerEvent<HTMLSpanElement>) => {
    event.preventDefault();
    const handle = event.currentTarget;
    const start = event.clientX - (handle.closest('th')?.getBoundingClientRect().width ?? 0);
    handle.setPointerCapture(event.pointerId);
    const move = (e: globalThis.PointerEvent) =>
      onWidths((w) => ({ ...w, [id]: Math.max(MIN_WIDTH, Math.round(e.clientX - start)) }));
    handle.addEventListener('pointermove', move);
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), {
      once: true,
    });
  };
  return (
    <span
      aria-hidden="true"
      className="absolute inset-y-1.5 -right-1 z-10 w-2 cursor-col-resize touch-none border-transparent border-r hover:border-line-strong"
      onDoubleClick={(event) => widen(event.currentTarget.closest('th'), 80)}
      onPointerDown={drag}
    />
  );
}
