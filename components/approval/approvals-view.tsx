'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { RequestView } from '@/protocol/api/slice';
import { useLiveTopic } from '../live/live-provider';
import { Unread } from '../refusal/refusal';
import { wantsMore } from '../slice/requests';
import { useTRPC } from '../trpc/client';
import { Empty } from '../ui/empty';
import { duration, plural } from '../ui/format';
import { Page, Section } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { StateMark } from '../ui/state-mark';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';
import { KeysToDecide } from './keys-to-decide';
import { RequestPanel } from './request-panel';

const REFRESH_MS = 30_000;
type Decided = RequestView & { sliceName: string };

const DECIDED: readonly Column<Decided>[] = [
  {
    id: 'slice',
    header: 'Slice',
    sort: (r) => r.sliceName,
    cell: (r) => (
      <Link className="link font-mono" href={`/slices/${r.sliceName}`} tabIndex={-1}>
        {r.sliceName}
      </Link>
    ),
  },
  {
    id: 'outcome',
    header: 'Decision',
    width: 120,
    sort: (r) => r.state,
    cell: (r) => (
      <StateMark tone={r.state === 'approved' ? 'running' : 'stopped'}>
        {r.state === 'approved' ? 'Approved' : r.state === 'rejected' ? 'Rejected' : 'Withdrawn'}
      </StateMark>
    ),
  },
  {
    id: 'term',
    header: 'For',
    width: 110,
    align: 'right',
    from: 'lg',
    sort: (r) => r.termSeconds,
    cell: (r) => (r.kind === 'change' ? `+${plural(wantsMore(r), 'sliver')}` : duration(r.termSeconds)),
  },
  {
    id: 'by',
    header: 'Asked by',
    width: 160,
    from: 'md',
    sort: (r) => r.requestedBy.name,
    cell: (r) => r.requestedBy.name,
  },
  {
    id: 'decider',
    header: 'Decided by',
    width: 160,
    from: 'md',
    sort: (r) => r.decision?.by.name ?? null,
    cell: (r) => r.decision?.by.name ?? '–',
  },
  {
    id: 'comment',
    header: 'Comment',
    from: 'lg',
    cell: (r) => (
      <span className="text-soft" title={r.decision?.comment}>
        {r.decision?.comment}
      </span>
    ),
  },
  {
    id: 'at',
    header: 'When',
    width: 130,
    align: 'right',
    sort: (r) => r.decision?.at.getTime() ?? r.createdAt.getTime(),
    cell: (r) => <Time at={r.decision?.at ?? r.createdAt} />,
  },
];

/** What waits for a decision, oldest first, and what was decided. */
export function ApprovalsView({ operator = false }: { operator?: boolean }) {
  const trpc = useTRPC();
  useLiveTopic('approvals');
  const pending = useQuery(trpc.approvals.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  const decided = useQuery(trpc.approvals.decided.queryOptions({ limit: 50 }));
  return (
    <Page
      facts={
        pending.isError && !pending.data
          ? undefined
          : pending.data
            ? pending.data.length === 0
              ? 'Nothing waits.'
              : `${plural(pending.data.length, 'request waits', 'requests wait')}, the oldest first.`
            : 'Reading…'
      }
      title="Approvals"
    >
      {pending.isPending && <TableSkeleton rows={5} />}
      {pending.isError && (
        <Unread
          busy={pending.isFetching}
          error={pending.error}
          onRetry={() => void pending.refetch()}
          what="The requests"
        />
      )}
      {pending.data?.length === 0 && !pending.isError && (
        <Empty title="No request waits for you">
          When somebody of your site asks for a slice, for more time or for more slivers, it shows here with what it
          would use of the quota.
        </Empty>
      )}
      <ul className="flex flex-col gap-4">
        {pending.data?.map((request) => (
          <li key={request.id}>
            <RequestPanel request={request} />
          </li>
        ))}
      </ul>
      {operator && <KeysToDecide />}
      <Section aside={decided.data ? plural(decided.data.length, 'decision') : null} title="Decided">
        {decided.isPending && <TableSkeleton rows={4} />}
        {decided.isError && (
          <Unread
            busy={decided.isFetching}
            error={decided.error}
            onRetry={() => void decided.refetch()}
            what="The decisions"
          />
        )}
        {decided.data && (
          <Table
            caption="Decided requests"
            columns={DECIDED}
            empty="Nothing was decided yet."
            href={(r) => `/slices/${r.sliceName}`}
            maxHeight="32rem"
            rowKey={(r) => r.id}
            rows={decided.data}
          />
        )}
      </Section>
    </Page>
  );
}
