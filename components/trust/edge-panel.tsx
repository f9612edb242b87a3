'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { HardResource } from '@/core/resources/vector';
import { type LinkRow, MAX_LINKS, type TrustGraph } from '@/protocol/api/trust';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { count, plural } from '../ui/format';
import { Input } from '../ui/input';
import { Fact, Facts } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { StateMark, StateShape } from '../ui/state-mark';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';
import { UseBars } from './use-bars';
import { allAmounts, amount, boxWords, degree, edgeState, STATE, stateCounts } from './words';

type EdgePanelProps = {
  graph: TrustGraph;
  edge: TrustGraph['edges'][number];
  opened: { open: string; site: string };
  resource: HardResource;
  onLink: (id: string) => void;
};

/** What all links of an edge come to, and the links themselves, to be found by host name. */
export function EdgePanel({ graph, edge, opened, resource, onLink }: EdgePanelProps) {
  const trpc = useTRPC();
  const [q, setQ] = useState('');
  const links = useQuery(
    trpc.trust.links.queryOptions(
      { edge: edge.id, ...opened, q, state: 'all', limit: MAX_LINKS, resource },
      { placeholderData: keepPreviousData },
    ),
  );
  const nameOf = (id: string) => {
    const box = graph.boxes.find((one) => one.id === id);
    return box ? boxWords(box).full : '';
  };
  const state = STATE[edgeState(edge)];
  const columns: Column<LinkRow>[] = [
    {
      id: 'node',
      header: 'Node',
      sort: (l) => l.node.hostname,
      cell: (l) => (
        <span className="flex items-center gap-2">
          <StateShape className="size-2.5" tone={STATE[l.state].tone} />
          <span className="truncate font-mono">{l.node.hostname}</span>
          <span className="sr-only">{STATE[l.state].word}</span>
        </span>
      ),
    },
    {
      id: 'rights',
      header: 'Rights',
      width: 92,
      align: 'right',
      sort: (l) => l.rights[resource],
      cell: (l) => amount(resource, l.rights[resource]),
    },
    {
      id: 'end',
      header: 'Ends',
      width: 104,
      align: 'right',
      sort: (l) => l.notAfter.getTime(),
      cell: (l) => <Time at={l.notAfter} />,
    },
  ];
  return (
    <div className="flex flex-col gap-4">
      <header>
        <h3 className="wrap-anywhere font-semibold">
          {nameOf(edge.from)} to {nameOf(edge.to)}
        </h3>
        <p className="mt-1 text-soft text-table">
          <StateMark tone={state.tone}>{stateCounts(edge)}</StateMark>
        </p>
      </header>
      <Facts>
        <Fact name="May hand out">{edge.degreeMilli ? allAmounts(edge.rights) : 'Nothing at present'}</Fact>
        {edge.degreeMilli && (
          <Fact name="Degree">
            {edge.degreeMilli.min === edge.degreeMilli.max
              ? degree(edge.degreeMilli.min)
              : `${degree(edge.degreeMilli.min)} to ${degree(edge.degreeMilli.max)}`}
          </Fact>
        )}
        {edge.earliestEnd && (
          <Fact name="First to end">
            <Time at={edge.earliestEnd} />
          </Fact>
        )}
      </Facts>
      <UseBars resource={resource} use={edge.use} />
      <div className="flex items-center gap-3">
        <Input
          aria-label="Find a node of these links"
          className="flex-1"
          onChange={(event) => setQ(event.target.value)}
          placeholder="Host name or site"
          type="search"
          value={q}
        />
        <span className="text-soft text-table" role="status">
          {links.data && linksCounted(links.data.total, links.data.rows.length)}
        </span>
      </div>
      {links.isError && (
        <Unread busy={links.isFetching} error={links.error} onRetry={() => void links.refetch()} what="The links" />
      )}
      {links.isPending && <TableSkeleton rows={5} />}
      {links.data && (
        <Table
          caption="Links of this edge"
          columns={columns}
          empty="No link has that host name or site."
          maxHeight="22rem"
          onOpen={(link) => onLink(link.id)}
          rowKey={(link) => link.id}
          rows={links.data.rows}
          sortDefault="node"
          sortParam="links-by"
        />
      )}
    </div>
  );
}

function linksCounted(total: number, shown: number): string {
  return shown < total ? `${count(shown)} of ${plural(total, 'link')}` : plural(total, 'link');
}
