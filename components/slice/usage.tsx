'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import type { SliceUsage, SliverUsageRow } from '@/protocol/api/usage';
import { bytes, cores, kilobits, mebibytes } from '../fleet/amounts';
import { Trend } from '../fleet/node/node-usage';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Empty } from '../ui/empty';
import { count, duration, plural } from '../ui/format';
import { TableSkeleton } from '../ui/skeleton';
import { type Column, Table } from '../ui/table';
import { Time } from '../ui/time';

/** A node says what its slivers use with its heartbeats. */
const REFETCH_MS = 10_000;

/** What the slice uses: in all, by the minute, and each sliver against its limits. */
export function Usage({ name }: { name: string }) {
  const trpc = useTRPC();
  const query = useQuery(trpc.slices.usage.queryOptions({ name }, { refetchInterval: REFETCH_MS }));
  if (query.isPending) return <TableSkeleton />;
  if (!query.data)
    return <Unread busy={query.isFetching} error={query.error} onRetry={() => void query.refetch()} what="The usage" />;
  const usage = query.data;
  if (usage.rows.length === 0) {
    return (
      <Empty title="No sliver reports what it uses">
        {usage.silent.others > 0
          ? 'Nodes say it every ten seconds; the first word of these slivers is not here yet.'
          : usage.silent.simulated > 0
            ? `${plural(usage.silent.simulated, 'simulated sliver')} run, and simulated slivers use nothing.`
            : 'Once a sliver runs on a real node, its processor, memory, disk and bytes appear here.'}
      </Empty>
    );
  }
  return (
    <div className="flex flex-col gap-5">
      <Together usage={usage} />
      <Table
        caption={`What the slivers of ${name} use`}
        columns={columnsFor(usage)}
        maxHeight={usage.rows.length > 60 ? 'min(70vh, 60rem)' : undefined}
        rowKey={(row) => row.sliverId}
        rows={usage.rows}
        sortDefault="-cpu"
        sortParam="usage"
      />
    </div>
  );
}

function Together({ usage }: { usage: SliceUsage }) {
  const { rows, trend, totals, silent } = usage;
  const sum = (of: (row: SliverUsageRow) => number | null) => rows.reduce((all, row) => all + (of(row) ?? 0), 0);
  const last = trend.at(-1);
  const rate = (value: number | null | undefined) => (value == null ? 'not counted' : kilobits((value * 8) / 1000));
  return (
    <>
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2 lg:grid-cols-4">
        <Trend
          label="Processor"
          of={(m) => m.cpuMilli}
          trend={trend}
          value={`${cores(sum((r) => r.cpuMilli))} cores`}
        />
        <Trend label="Memory" of={(m) => m.memoryBytes} trend={trend} value={bytes(sum((r) => r.memoryBytes))} />
        <Trend label="Received" of={(m) => m.bytesInRate} trend={trend} value={rate(last?.bytesInRate)} />
        <Trend label="Sent" of={(m) => m.bytesOutRate} trend={trend} value={rate(last?.bytesOutRate)} />
      </div>
      <p className="text-soft text-table">
        Since it began: {cpuTime(totals.cpuMs)} of processor time, {bytes(totals.bytesIn)} received,{' '}
        {bytes(totals.bytesOut)} sent.
        {silent.simulated > 0 && ` ${plural(silent.simulated, 'simulated sliver')} use nothing and are left out.`}
        {silent.others > 0 && ` ${count(silent.others)} more have not reported yet.`}
      </p>
    </>
  );
}

function columnsFor({ limits }: SliceUsage): readonly Column<SliverUsageRow>[] {
  return [
    {
      id: 'node',
      header: 'Node',
      sort: (r) => r.hostname,
      cell: (r) => (
        <Link className="link font-mono" href={`/nodes/${r.nodeId}`} tabIndex={-1} title={r.hostname}>
          {r.hostname}
        </Link>
      ),
    },
    {
      id: 'cpu',
      header: 'Cores',
      align: 'right',
      width: 72,
      sort: (r) => r.cpuMilli,
      cell: (r) => <span title={`${cpuTime(r.cpuMsTotal)} in all`}>{(r.cpuMilli / 1000).toFixed(2)}</span>,
    },
    {
      id: 'memory',
      header: `Memory of ${mebibytes(limits.memoryMiB)}`,
      align: 'right',
      width: 156,
      sort: (r) => r.memoryBytes,
      cell: (r) => (
        <Of limit={limits.memoryMiB * 1_048_576} title={`at most ${bytes(r.memoryPeakBytes)}`} value={r.memoryBytes} />
      ),
    },
    {
      id: 'disk',
      header: `Disk of ${mebibytes(limits.diskMiB)}`,
      align: 'right',
      width: 150,
      from: 'sm',
      sort: (r) => r.diskBytes,
      cell: (r) => (r.diskBytes === null ? '–' : <Of limit={limits.diskMiB * 1_048_576} value={r.diskBytes} />),
    },
    {
      id: 'in',
      header: 'Received',
      align: 'right',
      width: 110,
      from: 'md',
      sort: (r) => r.bytesInTotal,
      cell: (r) => (r.bytesInTotal === null ? '–' : bytes(r.bytesInTotal)),
    },
    {
      id: 'out',
      header: 'Sent',
      align: 'right',
      width: 110,
      from: 'md',
      sort: (r) => r.bytesOutTotal,
      cell: (r) => (r.bytesOutTotal === null ? '–' : bytes(r.bytesOutTotal)),
    },
    {
      id: 'pids',
      header: `Processes of ${count(limits.pidsMax)}`,
      align: 'right',
      width: 150,
      from: 'md',
      sort: (r) => r.pids,
      cell: (r) => count(r.pids),
    },
    {
      id: 'at',
      header: 'Measured',
      align: 'right',
      width: 120,
      from: 'lg',
      sort: (r) => r.at.getTime(),
      cell: (r) => <Time at={r.at} />,
    },
  ];
}

/** An amount with its share of the limit. */
function Of({ value, limit, title }: { value: number; limit: number; title?: string }) {
  const share = Math.round((value / Math.max(1, limit)) * 100);
  return (
    <span className={share >= 95 ? 'text-danger' : undefined} title={title}>
      {bytes(value)} <span className={share >= 95 ? undefined : 'text-faint'}>{share} %</span>
    </span>
  );
}

/** "0.4 s", "12 min 3 s" */
function cpuTime(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : duration(Math.round(ms / 1000));
}
