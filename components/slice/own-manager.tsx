'use client';
import { useQuery } from '@tanstack/react-query';
import { sentence } from '@/core/refusal-sentence';
import type { HolderLeaseRow } from '@/protocol/api/principal-keys';
import type { SliceView } from '@/protocol/api/slice';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { CopyButton } from '../ui/copy-button';
import { count } from '../ui/format';
import { Section } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { StateMark, type Tone } from '../ui/state-mark';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';

const TONES: Record<string, Tone> = {
  running: 'running',
  starting: 'progress',
  scheduled: 'stopped',
  stopped: 'stopped',
  failed: 'failed',
};

const COLUMNS: readonly Column<HolderLeaseRow>[] = [
  {
    id: 'node',
    header: 'Node',
    sort: (row) => row.hostname,
    cell: (row) => <span className="font-mono">{row.hostname}</span>,
  },
  {
    id: 'state',
    header: 'State',
    sort: (row) => row.state,
    cell: (row) => (
      <span title={row.reason ? sentence(row.reason) : undefined}>
        <StateMark tone={TONES[row.state] ?? 'unknown'}>
          {row.reason?.code === 'LEASED_ONLY' ? 'Leased, no sliver' : row.state}
        </StateMark>
      </span>
    ),
  },
  {
    id: 'since',
    header: 'Since',
    from: 'md',
    sort: (row) => row.since.getTime(),
    cell: (row) => <Time at={row.since} />,
  },
  {
    id: 'ends',
    header: 'Lease ends',
    from: 'md',
    sort: (row) => row.endsAt.getTime(),
    cell: (row) => <Time at={row.endsAt} />,
  },
  {
    id: 'key',
    header: 'Held by',
    from: 'md',
    sort: (row) => row.key?.person ?? null,
    cell: (row) => (row.key ? `${row.key.person}, ${row.key.name}` : 'a key that is not known'),
  },
];

/** A slice that its people run by themselves: what its nodes say of it. The deployment does nothing with it. */
export function OwnManager({ slice }: { slice: SliceView }) {
  const trpc = useTRPC();
  const leases = useQuery(trpc.principalKeys.leases.queryOptions({ name: slice.name }, { refetchInterval: 10_000 }));
  const command = `npm run meridian -- svm createslice ${slice.name}`;
  return (
    <Section
      aside={
        leases.data
          ? `${count(leases.data.length)} of ${count(slice.spec.count + slice.spec.picked.length)} nodes`
          : null
      }
      title="Run by its people’s own service manager"
    >
      <p className="mb-3 max-w-prose text-soft">
        What was approved is theirs to lease; what stands here, nodes said with their heartbeats.
      </p>
      {leases.isPending && <TableSkeleton rows={2} />}
      {leases.isError && (
        <Unread busy={leases.isFetching} error={leases.error} onRetry={() => void leases.refetch()} what="Its leases" />
      )}
      {leases.data?.length === 0 && (
        <p className="flex flex-wrap items-center gap-1 text-table">
          Nothing is leased yet. <code className="wrap-anywhere">{command}</code>
          <CopyButton text={command} what="the command" />
        </p>
      )}
      {leases.data && leases.data.length > 0 && (
        <Table caption="Leases" columns={COLUMNS} rowKey={(row) => row.lease} rows={leases.data} sortParam="leases" />
      )}
    </Section>
  );
}
