'use client';
import { useId, useMemo, useState } from 'react';
import { Button } from '../ui/button';
import { cn } from '../ui/cn';
import { ErrorPanel } from '../ui/error-panel';
import { count, plural } from '../ui/format';
import { TableSkeleton } from '../ui/skeleton';
import { type FleetFilters, filterNodes, NO_FILTERS, type Sort } from './filters';
import { NodeFilters } from './node-filters';
import { NodeTable } from './node-table';
import { useFleet } from './use-fleet';

type NodePickerProps = {
  /** Chosen node URNs. */
  value: readonly string[];
  onChange: (urns: string[]) => void;
  /** At most this many. */
  max?: number;
  className?: string;
};

/** Chooses nodes from the whole fleet: filters, a table with checkboxes, and what is chosen so far. Nodes without room can be chosen: they may have room by then. */
export function NodePicker({ value, onChange, max = 1000, className }: NodePickerProps) {
  const id = useId();
  const fleet = useFleet();
  const [filters, setFilters] = useState<FleetFilters>({ ...NO_FILTERS, room: true });
  const [sort, setSort] = useState<Sort>({ key: 'hostname', down: false });
  const [onlyChosen, setOnlyChosen] = useState(false);
  const chosen = useMemo(() => new Set(value), [value]);
  const nodes = fleet.data;
  const shown = useMemo(() => {
    if (!nodes) return [];
    return onlyChosen ? nodes.filter((node) => chosen.has(node.urn)) : filterNodes(nodes, filters);
  }, [nodes, filters, onlyChosen, chosen]);

  if (!nodes && fleet.error) {
    return (
      <ErrorPanel busy={fleet.isFetching} onRetry={() => void fleet.refetch()} title="The nodes could not be loaded.">
        What you filled in so far is kept.
      </ErrorPanel>
    );
  }
  if (!nodes) return <TableSkeleton rows={8} />;

  const choose = (urns: string[], on: boolean) => {
    const next = new Set(chosen);
    for (const urn of urns) {
      if (!on) next.delete(urn);
      else if (next.size < max) next.add(urn);
    }
    onChange([...next]);
  };
  const more = shown.filter((node) => !chosen.has(node.urn));
  return (
    <div className={cn('flex flex-col gap-2', className)}>
      <NodeFilters filters={filters} id={id} nodes={nodes} onChange={setFilters} shown={shown.length} />
      <NodeTable
        chosen={chosen}
        className="h-80 rounded border border-line"
        label="Nodes to choose from"
        nodes={shown}
        onChoose={choose}
        onSort={setSort}
        sort={sort}
      />
      <div className="flex min-h-7 flex-wrap items-center gap-2 text-table">
        <p aria-live="polite" className="mr-auto tabular-nums">
          <b className="font-semibold">{plural(chosen.size, 'node')}</b> chosen
          {chosen.size >= max && <span className="text-soft">, the most there can be</span>}
        </p>
        {more.length > 0 && !onlyChosen && (
          <Button
            kind="quiet"
            onClick={() =>
              choose(
                more.map((node) => node.urn),
                true,
              )
            }
            size="sm"
          >
            Choose all {count(shown.length)} shown
          </Button>
        )}
        {(chosen.size > 0 || onlyChosen) && (
          <Button aria-pressed={onlyChosen} kind="quiet" onClick={() => setOnlyChosen(!onlyChosen)} size="sm">
            {onlyChosen ? 'Show all' : 'Show only chosen'}
          </Button>
        )}
        {chosen.size > 0 && (
          <Button
            kind="quiet"
            onClick={() => {
              onChange([]);
              setOnlyChosen(false);
            }}
            size="sm"
          >
            Choose none
          </Button>
        )}
      </div>
    </div>
  );
}
