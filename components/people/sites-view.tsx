'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useState } from 'react';
import type { SiteListItem } from '@/protocol/api/people';
import { countryName } from '../fleet/filters';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { useAddress } from '../ui/address';
import { Button } from '../ui/button';
import { Empty } from '../ui/empty';
import { count, plural } from '../ui/format';
import { Input } from '../ui/input';
import { Page } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { type Column, Table } from '../ui/table';
import { InviteDialog } from './invite-dialog';

const COLUMNS: readonly Column<SiteListItem>[] = [
  {
    id: 'name',
    header: 'Site',
    sort: (s) => s.name,
    cell: (s) => (
      <Link className="link" href={`/sites/${s.loginBase}`} tabIndex={-1}>
        {s.name}
      </Link>
    ),
  },
  {
    id: 'base',
    header: 'Prefix',
    width: 140,
    from: 'sm',
    sort: (s) => s.loginBase,
    cell: (s) => <span className="font-mono">{s.loginBase}</span>,
  },
  {
    id: 'country',
    header: 'Country',
    width: 170,
    from: 'md',
    sort: (s) => countryName(s.country),
    cell: (s) => countryName(s.country),
  },
  { id: 'nodes', header: 'Nodes', width: 90, align: 'right', sort: (s) => s.nodes, cell: (s) => count(s.nodes) },
  { id: 'people', header: 'People', width: 90, align: 'right', sort: (s) => s.people, cell: (s) => count(s.people) },
  { id: 'slices', header: 'Slices', width: 90, align: 'right', sort: (s) => s.slices, cell: (s) => count(s.slices) },
];

/** The sites that one may look into: one's own, or all for an operator. */
export function SitesView({ operator }: { operator: boolean }) {
  const [text, setText] = useAddress('q', '');
  const [inviting, setInviting] = useState(false);
  const trpc = useTRPC();
  const sites = useQuery(trpc.sites.list.queryOptions());
  const wanted = text.trim().toLowerCase();
  const shown = (sites.data ?? []).filter((s) =>
    `${s.name} ${s.loginBase} ${countryName(s.country)}`.toLowerCase().includes(wanted),
  );
  return (
    <Page
      acts={operator && <Button onClick={() => setInviting(true)}>Invite an operator</Button>}
      facts="A site is an institution: its people, its nodes, and a PI who answers for its slices."
      title="Sites"
    >
      {sites.isPending && <TableSkeleton />}
      {sites.isError && (
        <Unread busy={sites.isFetching} error={sites.error} onRetry={() => void sites.refetch()} what="The sites" />
      )}
      {sites.data?.length === 0 && (
        <Empty title={operator ? 'There are no sites yet' : 'You belong to no site yet'}>
          {operator ? (
            <>
              Sites come with their nodes. Import an advertisement with{' '}
              <code>npm run meridian -- fleet import &lt;file&gt;</code>, then give each site its quota and invite its
              PI.
            </>
          ) : (
            'Ask the PI of your institution’s site to invite you.'
          )}
        </Empty>
      )}
      {sites.data && sites.data.length > 0 && (
        <div className="flex flex-col gap-3">
          {sites.data.length > 5 && (
            <div className="flex items-center gap-3">
              <Input
                aria-label="Find a site"
                className="w-full sm:w-64"
                onChange={(e) => setText(e.target.value)}
                placeholder="Find a site"
                type="search"
                value={text}
              />
              <span className="ml-auto text-soft text-table" role="status">
                {shown.length === sites.data.length
                  ? plural(shown.length, 'site')
                  : `${count(shown.length)} of ${plural(sites.data.length, 'site')}`}
              </span>
            </div>
          )}
          <Table
            caption="Sites"
            columns={COLUMNS}
            empty="No site matches. Change the filter above."
            href={(s) => `/sites/${s.loginBase}`}
            maxHeight={sites.data.length > 40 ? 'calc(100dvh - 13rem)' : undefined}
            rowKey={(s) => s.id}
            rows={shown}
            sortDefault="name"
          />
        </div>
      )}
      {operator && <InviteDialog loginBase={null} onClose={() => setInviting(false)} open={inviting} />}
    </Page>
  );
}
