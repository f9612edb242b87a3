'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { PendingRequest } from '@/protocol/api/approval';
import { useLiveTopic } from '../live/live-provider';
import { Unread } from '../refusal/refusal';
import { wantsMore } from '../slice/requests';
import { useTRPC } from '../trpc/client';
import { duration, plural } from '../ui/format';
import { Section } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';

const COLUMNS: readonly Column<PendingRequest>[] = [
  {
    id: 'slice',
    header: 'Slice',
    width: 220,
    cell: (r) => (
      <Link className="link font-mono" href="/approvals" tabIndex={-1}>
        {r.slice.name}
      </Link>
    ),
  },
  { id: 'by', header: 'Asked by', width: 160, from: 'md', cell: (r) => r.requestedBy.name },
  { id: 'why', header: 'Reason', from: 'sm', cell: (r) => <span title={r.reason}>{r.reason}</span> },
  {
    id: 'what',
    header: 'What',
    width: 180,
    from: 'md',
    cell: (r) =>
      r.kind === 'change'
        ? `${plural(wantsMore(r), 'sliver')} more`
        : `${r.kind === 'renew' ? 'renewal' : plural(r.slice.sliverCount, 'sliver')}, ${duration(r.termSeconds)}`,
  },
  { id: 'since', header: 'Waits since', width: 120, align: 'right', cell: (r) => <Time at={r.createdAt} /> },
];

/** Requests that wait for a decision, the oldest first. */
export function WaitingRequests() {
  const trpc = useTRPC();
  useLiveTopic('approvals');
  const pending = useQuery(trpc.approvals.list.queryOptions());
  const n = pending.data?.length ?? 0;
  return (
    <Section
      aside={
        n > 0 && (
          <Link className="link" href="/approvals">
            Decide
          </Link>
        )
      }
      title={n > 0 ? `${plural(n, 'request waits', 'requests wait')} for a decision` : 'Requests'}
    >
      {pending.isPending && <TableSkeleton rows={2} />}
      {pending.isError && (
        <Unread
          busy={pending.isFetching}
          error={pending.error}
          onRetry={() => void pending.refetch()}
          what="The requests"
        />
      )}
      {pending.data && n === 0 && <p className="border-line border-y py-2.5 text-soft">None waits.</p>}
      {n > 0 && pending.data && (
        <Table
          caption="Requests that wait"
          columns={COLUMNS}
          href={() => '/approvals'}
          rowKey={(r) => r.id}
          rows={pending.data}
          sortParam="waiting"
        />
      )}
    </Section>
  );
}
