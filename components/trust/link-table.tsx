'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { LINK_STATES } from '@/core/trust/link-state';
import { type LinkRow, LinksInput, type TrustGraph } from '@/protocol/api/trust';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { count, plural } from '../ui/format';
import { Input } from '../ui/input';
import { Section } from '../ui/page';
import { Select } from '../ui/select';
import { TableSkeleton } from '../ui/skeleton';
import { StateMark } from '../ui/state-mark';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';
import { useTrustAddress } from './use-trust';
import { amount, STATE } from './words';

const PAGE = 100;
/** The server sorts; the table only says by what. */
const served = () => null;

/** Every link as a row: the same as the graph, sorted and filtered by the server, the filters in the address. */
export function LinkTable({ graph, onLink }: { graph: TrustGraph; onLink: (id: string) => void }) {
  const trpc = useTRPC();
  const { get, set, resource } = useTrustAddress();
  const q = useDeferredValue(get('q'));
  const page = Math.max(1, Number.parseInt(get('page'), 10) || 1);
  const state = LinksInput.shape.state.safeParse(get('state')).data ?? 'current';
  const links = useQuery(
    trpc.trust.links.queryOptions(
      {
        q: q.slice(0, 100),
        state,
        issuer: get('from').slice(0, 64),
        grantee: get('to').slice(0, 64),
        sort: (get('sort') || 'node').slice(0, 20),
        resource,
        offset: (page - 1) * PAGE,
        limit: PAGE,
      },
      { placeholderData: keepPreviousData },
    ),
  );
  const filter = (next: Record<string, string>) => set({ page: '', ...next });
  const agents = [...new Map(graph.boxes.flatMap((b) => (b.kind === 'agent' && b.ref ? [[b.ref, b.name]] : [])))];
  const options = agents.map(([value = '', label = '']) => ({ value, label }));
  const columns: Column<LinkRow>[] = [
    { id: 'node', header: 'Node', sort: served, cell: (l) => <span className="font-mono">{l.node.hostname}</span> },
    { id: 'site', header: 'Site', width: 130, from: 'lg', sort: served, cell: (l) => l.node.site },
    { id: 'by', header: 'By way of', width: 120, from: 'md', cell: (l) => l.issuer?.name ?? 'the node itself' },
    { id: 'grantee', header: 'To', width: 120, sort: served, cell: (l) => l.grantee.name },
    {
      id: 'rights',
      header: 'Rights',
      width: 110,
      from: 'sm',
      align: 'right',
      sort: served,
      cell: (l) => amount(resource, l.rights[resource]),
    },
    {
      id: 'free',
      header: 'Free',
      width: 110,
      from: 'md',
      align: 'right',
      sort: served,
      cell: (l) => amount(resource, l.use.free[resource]),
    },
    {
      id: 'degree',
      header: 'Degree',
      width: 80,
      from: 'lg',
      align: 'right',
      cell: (l) => `${l.degreeMilli / 1000} ×`,
    },
    {
      id: 'end',
      header: 'Ends',
      width: 120,
      from: 'sm',
      align: 'right',
      sort: served,
      cell: (l) => <Time at={l.notAfter} />,
    },
    {
      id: 'state',
      header: 'State',
      width: 128,
      sort: served,
      cell: (l) => <StateMark tone={STATE[l.state].tone}>{STATE[l.state].word}</StateMark>,
    },
  ];
  const total = links.data?.total ?? 0;
  const pages = Math.max(1, Math.ceil(total / PAGE));
  const hidden = links.data ? links.data.all - links.data.total : 0;
  return (
    <Section
      aside={
        links.data && (
          <span role="status">
            {plural(total, 'link')}
            {hidden > 0 && `; ${count(hidden)} more are hidden by the filters`}
          </span>
        )
      }
      title="Every link"
    >
      <div className="mb-3 flex flex-wrap gap-2">
        <Input
          aria-label="Find by host name or site"
          className="w-full sm:w-56"
          onChange={(event) => filter({ q: event.target.value })}
          placeholder="Host name or site"
          type="search"
          value={get('q')}
        />
        <Select
          aria-label="State"
          onChange={(event) => filter({ state: event.target.value === 'current' ? '' : event.target.value })}
          options={[
            { value: 'current', label: 'Current' },
            { value: 'all', label: 'All, replaced and over too' },
            ...LINK_STATES.map((value) => ({ value, label: STATE[value].word })).reverse(),
          ]}
          value={state}
        />
        <Select
          aria-label="From whom"
          onChange={(event) => filter({ from: event.target.value })}
          options={[{ value: '', label: 'From anyone' }, { value: 'nodes', label: 'From nodes' }, ...options]}
          value={get('from')}
        />
        <Select
          aria-label="To whom"
          onChange={(event) => filter({ to: event.target.value })}
          options={[{ value: '', label: 'To anyone' }, ...options]}
          value={get('to')}
        />
      </div>
      {links.isError && (
        <Unread busy={links.isFetching} error={links.error} onRetry={() => void links.refetch()} what="The links" />
      )}
      {links.isPending && <TableSkeleton />}
      {links.data && (
        <Table
          caption="Every link that you may see"
          columns={columns}
          empty="No link matches. Change the filters above."
          maxHeight="32rem"
          onOpen={(link) => onLink(link.id)}
          rowKey={(link) => link.id}
          rows={links.data.rows}
          sortDefault="node"
        />
      )}
      {pages > 1 && (
        <nav aria-label="Pages of links" className="mt-3 flex items-center gap-3 text-table">
          <Button disabled={page <= 1} onClick={() => set({ page: page > 2 ? String(page - 1) : '' })} size="sm">
            Before
          </Button>
          <span className="text-soft tabular-nums">
            {count((page - 1) * PAGE + 1)} to {count(Math.min(total, page * PAGE))} of {count(total)}
          </span>
          <Button disabled={page >= pages} onClick={() => set({ page: String(page + 1) })} size="sm">
            Next
          </Button>
        </nav>
      )}
    </Section>
  );
}
