// biome-ignore-all lint/a11y/useSemanticElements: rows are placed absolutely, which takes a table's meaning away; the grid pattern's roles give it back
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid holds the focus and names the active row by aria-activedescendant
// biome-ignore-all lint/a11y/useKeyWithClickEvents: the grid takes the keys for its rows
'use client';
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react';
import type { FleetNode } from '@/protocol/api/fleet';
import { cn } from '../ui/cn';
import { StateShape } from '../ui/state-mark';
import { Time } from '../ui/time';
import { cores, mebibytes } from './amounts';
import { countryName, type Sort, type SortKey, sortNodes } from './filters';
import { STANDING, standingOf } from './node-standing';

const ROW = 36;

/** Column widths; a column without a place in a narrow container is left to the node's page. */
const COLUMNS: readonly { key: SortKey; label: string; className: string; right?: boolean }[] = [
  { key: 'standing', label: 'State', className: 'w-9 @xl:w-32' },
  { key: 'hostname', label: 'Node', className: 'min-w-0 flex-1 basis-40' },
  { key: 'site', label: 'Site', className: 'w-28 hidden @3xl:flex' },
  { key: 'country', label: 'Country', className: 'w-28 hidden @4xl:flex' },
  { key: 'slivers', label: 'Slivers', className: 'w-14 hidden @md:flex', right: true },
  { key: 'cpu', label: 'Cores free', className: 'w-20 hidden @2xl:flex', right: true },
  { key: 'memory', label: 'Memory free', className: 'w-24', right: true },
  { key: 'seen', label: 'Last seen', className: 'w-24 hidden @5xl:flex', right: true },
];

export type NodeTableProps = {
  nodes: readonly FleetNode[];
  sort: Sort;
  onSort: (sort: Sort) => void;
  /** Enter or click on a row. */
  onOpen?: (node: FleetNode) => void;
  /** Checkboxes: chosen URNs, and what a change makes of them. Space toggles, Shift-click takes a range. */
  chosen?: ReadonlySet<string>;
  onChoose?: (urns: string[], chosen: boolean) => void;
  /** The row that something else points at (the map). */
  pointed?: string | null;
  onPoint?: (id: string | null) => void;
  label: string;
  className?: string;
};

/** Nodes as a sortable table of any length: only what is in view is drawn. Keys: arrows, Page, Home, End, Enter, Space. */
export function NodeTable({
  nodes,
  sort,
  onSort,
  onOpen,
  chosen,
  onChoose,
  pointed,
  onPoint,
  label,
  className,
}: NodeTableProps) {
  const id = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => sortNodes(nodes, sort), [nodes, sort]);
  const [active, setActive] = useState(0);
  const [anchor, setAnchor] = useState(0);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const at = Math.min(active, Math.max(0, rows.length - 1));
  const shown = virtual.getVirtualItems();
  const activeShown = shown.some((item) => item.index === at);

  const moveTo = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    setActive(next);
    virtual.scrollToIndex(next);
    onPoint?.(rows[next]?.id ?? null);
  };
  const choose = (index: number, range: boolean) => {
    const node = rows[index];
    if (!node || !onChoose || !chosen) return;
    const [from, to] = range ? [Math.min(anchor, index), Math.max(anchor, index)] : [index, index];
    onChoose(
      rows.slice(from, to + 1).map((row) => row.urn),
      !chosen.has(node.urn),
    );
    setAnchor(index);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW) / ROW) - 2);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    };
    const move = moves[event.key];
    const node = rows[at];
    if (move !== undefined) moveTo(move);
    else if (event.key === 'Enter' && node && onOpen) onOpen(node);
    else if (event.key === ' ' && onChoose) choose(at, event.shiftKey);
    else return;
    event.preventDefault();
  };

  return (
    <div className={cn('@container flex min-h-0 flex-col text-table', className)}>
      <div
        aria-activedescendant={activeShown ? `${id}-${at}` : undefined}
        aria-label={label}
        aria-multiselectable={onChoose ? true : undefined}
        aria-rowcount={rows.length + 1}
        className="group/grid min-h-0 flex-1 overflow-y-auto overscroll-contain focus-visible:outline-offset-[-2px]"
        onKeyDown={onKeyDown}
        ref={scroller}
        role="grid"
        tabIndex={0}
      >
        <div className="sticky top-0 z-10 flex h-9 items-center gap-3 border-line border-b bg-paper px-3" role="row">
          {onChoose && <span className="w-5" role="columnheader" aria-label="Chosen" />}
          {COLUMNS.map((column) => (
            <SortHeader column={column} key={column.key} onSort={onSort} sort={sort} />
          ))}
        </div>
        <div className="relative" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {shown.map((item) => {
            const node = rows[item.index];
            if (!node) return null;
            const isChosen = chosen?.has(node.urn);
            return (
              <div
                aria-rowindex={item.index + 2}
                aria-selected={isChosen ?? item.index === at}
                className={cn(
                  'absolute inset-x-0 flex h-9 cursor-pointer items-center gap-3 border-line border-b px-3 hover:bg-hover',
                  (isChosen || pointed === node.id) && 'bg-accent-soft hover:bg-accent-soft',
                  item.index === at && 'group-focus/grid:shadow-[inset_2px_0_0_var(--accent)]',
                )}
                id={`${id}-${item.index}`}
                key={node.id}
                onClick={(event) => {
                  setActive(item.index);
                  if (onChoose) choose(item.index, event.shiftKey);
                  else onOpen?.(node);
                }}
                onMouseEnter={onPoint && (() => onPoint(node.id))}
                onMouseLeave={onPoint && (() => onPoint(null))}
                role="row"
                style={{ top: item.start }}
              >
                {onChoose && <Tick chosen={isChosen ?? false} />}
                <Cells node={node} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function SortHeader({
  column,
  sort,
  onSort,
}: {
  column: (typeof COLUMNS)[number];
  sort: Sort;
  onSort: (sort: Sort) => void;
}) {
  const is = sort.key === column.key;
  const Arrow = sort.down ? ArrowDown : ArrowUp;
  return (
    <span
      aria-sort={is ? (sort.down ? 'descending' : 'ascending') : 'none'}
      className={cn('flex items-center', column.className)}
      role="columnheader"
    >
      <button
        className={cn(
          'inline-flex w-full items-center gap-1 truncate text-soft hover:text-ink',
          column.right && 'flex-row-reverse',
          is && 'font-medium text-ink',
        )}
        onClick={() => onSort({ key: column.key, down: is ? !sort.down : (column.right ?? false) })}
        tabIndex={-1}
        type="button"
      >
        {column.key === 'standing' ? (
          <>
            <span className="hidden @xl:inline">State</span>
            <span className="sr-only @xl:hidden">State</span>
            <span aria-hidden="true" className="@xl:hidden">
              ●
            </span>
          </>
        ) : (
          column.label
        )}
        {is && <Arrow aria-hidden="true" className="size-3" />}
      </button>
    </span>
  );
}

function Tick({ chosen }: { chosen: boolean }) {
  return (
    <span className="flex w-5" role="gridcell">
      <span
        aria-hidden="true"
        className={cn(
          'flex size-4 items-center justify-center rounded-[3px] border border-line-strong bg-raised',
          chosen && 'border-accent bg-accent',
        )}
      >
        {chosen && (
          <svg
            aria-hidden="true"
            className="size-3 text-accent-ink"
            fill="none"
            stroke="currentColor"
            strokeWidth="2.5"
            viewBox="0 0 12 12"
          >
            <path d="M2 6.500 5 9.500 10 3" />
          </svg>
        )}
      </span>
      <span className="sr-only">{chosen ? 'Chosen' : 'Not chosen'}</span>
    </span>
  );
}

function Cells({ node }: { node: FleetNode }) {
  const standing = STANDING[standingOf(node)];
  const cell = (key: SortKey) => {
    const column = COLUMNS.find((each) => each.key === key);
    return cn('flex items-center overflow-hidden', column?.right && 'justify-end tabular-nums', column?.className);
  };
  return (
    <>
      <span
        className={cn(cell('standing'), 'gap-2 overflow-visible pl-1')}
        role="gridcell"
        title={`${standing.label}${node.simulated ? ', simulated' : ''}: ${standing.means}`}
      >
        <StateShape simulated={node.simulated} tone={standing.tone} />
        <span className="sr-only truncate @xl:not-sr-only">{standing.label}</span>
      </span>
      <span className={cell('hostname')} role="gridcell">
        <span className="truncate font-mono" title={node.urn}>
          {node.hostname}
        </span>
        <span className="ml-2 shrink-0 text-faint @4xl:hidden">{node.country ?? ''}</span>
      </span>
      <span
        className={cell('site')}
        role="gridcell"
        title={node.partner ? `${node.siteName}, a site of our partner ${node.partner}` : node.siteName}
      >
        <span className="truncate">{node.partner ? node.partner : node.site}</span>
      </span>
      <span className={cell('country')} role="gridcell">
        <span className={cn('truncate', !node.country && 'text-faint')}>{countryName(node.country)}</span>
      </span>
      <span className={cell('slivers')} role="gridcell">
        {node.slivers}
      </span>
      <span className={cell('cpu')} role="gridcell">
        {node.free ? cores(node.free.cpuMilli) : '–'}
      </span>
      <span className={cell('memory')} role="gridcell">
        {node.free ? mebibytes(node.free.memoryMiB) : '–'}
      </span>
      <span className={cell('seen')} role="gridcell">
        {node.lastSeen ? <Time at={node.lastSeen} className="truncate" /> : '–'}
      </span>
    </>
  );
}
