'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { type ReactNode, useDeferredValue, useMemo, useState } from 'react';
import type { FleetNode } from '@/protocol/api/fleet';
import { Unread, wordsFor } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Empty } from '../ui/empty';
import { count } from '../ui/format';
import { Skeleton, TableSkeleton } from '../ui/skeleton';
import { filterNodes, NO_FILTERS } from './filters';
import { FleetMap } from './map/fleet-map';
import { NodeFilters } from './node-filters';
import { standingOf } from './node-standing';
import { NodeTable } from './node-table';
import { useCalm } from './use-calm';
import { useFleet } from './use-fleet';
import { useFleetFilters } from './use-fleet-filters';

/** The whole fleet: map and table of the same nodes, under the same filters, live. */
export function FleetView({ operator }: { operator: boolean }) {
  const router = useRouter();
  const trpc = useTRPC();
  const fleet = useFleet();
  const { filters, sort, setFilters, setSort } = useFleetFilters();
  const [pointed, setPointed] = useState<string | null>(null);
  const ofSlice = useQuery(
    trpc.fleet.slicesOnMap.queryOptions(
      { name: filters.slice },
      { enabled: filters.slice !== '', refetchInterval: 5_000 },
    ),
  );
  const later = useDeferredValue(filters);
  // 1,500 nodes send 150 heartbeats a second; nobody reads faster than this.
  const nodes = useCalm(fleet.data, 500) ?? fleet.data;
  const slice = useMemo(
    () => (filters.slice && ofSlice.data ? new Set(ofSlice.data) : undefined),
    [filters.slice, ofSlice.data],
  );
  const shown = useMemo(() => (nodes ? filterNodes(nodes, later, slice) : []), [nodes, later, slice]);
  const behind = useMemo(() => (slice && nodes ? nodes.filter((node) => !slice.has(node.id)) : []), [nodes, slice]);

  if (!nodes && fleet.error) {
    return (
      <div className="p-4 sm:p-6">
        <Unread busy={fleet.isFetching} error={fleet.error} onRetry={() => void fleet.refetch()} what="The fleet" />
      </div>
    );
  }
  if (!nodes) return <Loading />;
  if (nodes.length === 0) return <NoNodes operator={operator} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col lg:h-[calc(100dvh-3rem)] lg:flex-none">
      <div className="flex flex-col gap-3 border-line border-b px-4 py-3 sm:px-6">
        <header className="flex flex-wrap items-baseline gap-x-4">
          <h1 className="font-semibold text-title">Fleet</h1>
          <Totals nodes={nodes} />
          <span className="text-soft text-table">
            As one document:{' '}
            <a className="link" href="/api/fleet/document.json">
              JSON
            </a>
            {' · '}
            <a className="link" href="/api/fleet/document.xml">
              XML
            </a>
          </span>
        </header>
        <NodeFilters filters={filters} id="fleet" nodes={nodes} onChange={setFilters} quiet shown={shown.length} />
        {filters.slice && ofSlice.error && (
          <p className="text-danger text-table" role="alert">
            {wordsFor(ofSlice.error)}
          </p>
        )}
      </div>
      <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
        <FleetMap
          backdrop={behind}
          className="h-[46vh] min-h-72 min-w-0 lg:h-auto lg:flex-1"
          nodes={shown}
          onPoint={setPointed}
          pointed={pointed}
        />
        <div className="flex min-h-0 flex-col border-line max-lg:h-[70vh] max-lg:border-t lg:w-[30rem] lg:shrink-0 lg:border-l xl:w-[38rem]">
          {shown.length === 0 ? (
            <NothingLeft onClear={() => setFilters(NO_FILTERS)} />
          ) : (
            <NodeTable
              className="flex-1"
              label={`${count(shown.length)} nodes`}
              nodes={shown}
              onOpen={(node) => router.push(`/nodes/${node.id}`)}
              onPoint={setPointed}
              onSort={setSort}
              pointed={pointed}
              sort={sort}
            />
          )}
        </div>
      </div>
    </div>
  );
}

/** The fleet in one line of figures. */
function Totals({ nodes }: { nodes: readonly FleetNode[] }) {
  const ready = nodes.filter((node) => standingOf(node) === 'ready').length;
  const sites = new Set(nodes.map((node) => node.site)).size;
  const countries = new Set(nodes.flatMap((node) => node.country ?? [])).size;
  const slivers = nodes.reduce((sum, node) => sum + node.slivers, 0);
  const figures: [number, string][] = [
    [nodes.length, 'nodes'],
    [ready, 'ready'],
    [sites, 'sites'],
    [countries, 'countries'],
    [slivers, 'slivers'],
  ];
  return (
    <p className="flex flex-wrap gap-x-3 text-soft text-table tabular-nums">
      {figures.map(([n, word]) => (
        <span key={word}>
          <b className="font-semibold text-ink">{count(n)}</b> {word}
        </span>
      ))}
    </p>
  );
}

function NothingLeft({ onClear }: { onClear: () => void }): ReactNode {
  return (
    <div className="p-4">
      <Empty act={<Button onClick={onClear}>Clear filters</Button>} title="No node matches all of these filters.">
        Take one away, or clear them all.
      </Empty>
    </div>
  );
}

function NoNodes({ operator }: { operator: boolean }) {
  return (
    <div className="p-4 sm:p-6">
      <Empty title="There are no nodes yet.">
        {operator ? (
          <>
            Import an advertisement with <code>npm run meridian -- fleet import &lt;file&gt;</code>, or start with the
            demo: <code>npm start</code>.
          </>
        ) : (
          <>
            An operator adds machines here. Meanwhile you can look at{' '}
            <Link className="link" href="/sites">
              the sites
            </Link>
            .
          </>
        )}
      </Empty>
    </div>
  );
}

/** In the places of what comes. */
export function Loading() {
  return (
    <div aria-busy="true" className="flex flex-1 flex-col lg:h-[calc(100dvh-3rem)] lg:flex-none">
      <div className="flex flex-col gap-3 border-line border-b px-4 py-3 sm:px-6">
        <h1 className="font-semibold text-title">Fleet</h1>
        <Skeleton className="h-9 w-full max-w-4xl" />
        <Skeleton className="h-7 w-40" />
      </div>
      <div className="flex min-h-0 flex-1 flex-col lg:flex-row">
        <div className="h-[46vh] lg:h-auto lg:flex-1" />
        <div className="border-line px-3 lg:w-[30rem] lg:shrink-0 lg:border-l xl:w-[38rem]">
          <TableSkeleton rows={14} />
        </div>
      </div>
    </div>
  );
}
