'use client';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { sentence } from '@/core/refusal-sentence';
import type { PolicyChoice } from '@/protocol/agent/policy';
import type { PolicyTrial } from '@/protocol/api/agents';
import { Unread } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { Empty } from '../../ui/empty';
import { count, plural } from '../../ui/format';
import { Section } from '../../ui/page';
import { TableSkeleton } from '../../ui/skeleton';
import { type Column, Table } from '../../ui/table';
import { Time } from '../../ui/time';

type SiteRow = PolicyTrial['sites'][number];
type DeniedRow = PolicyTrial['denied'][number];

const SITES: readonly Column<SiteRow>[] = [
  { id: 'site', header: 'Site', cell: (r) => <code>{r.site}</code>, sort: (r) => r.site },
  {
    id: 'requests',
    header: 'Requests',
    width: 100,
    align: 'right',
    from: 'md',
    cell: (r) => count(r.requests),
    sort: (r) => r.requests,
  },
  { id: 'asked', header: 'Asked', width: 84, align: 'right', cell: (r) => count(r.asked), sort: (r) => r.asked },
  { id: 'granted', header: 'Given', width: 84, align: 'right', cell: (r) => count(r.granted), sort: (r) => r.granted },
  {
    id: 'would',
    header: 'Would be',
    width: 92,
    align: 'right',
    cell: (r) => <b className="font-semibold">{count(r.would)}</b>,
    sort: (r) => r.would,
  },
  {
    id: 'change',
    header: 'Change',
    width: 84,
    align: 'right',
    from: 'sm',
    cell: (r) => signed(r.would - r.granted),
    sort: (r) => r.would - r.granted,
  },
];

const DENIED: readonly Column<DeniedRow>[] = [
  { id: 'at', header: 'When', width: 92, cell: (r) => <Time at={r.at} /> },
  { id: 'site', header: 'Site', width: 110, from: 'md', cell: (r) => <code>{r.site}</code> },
  { id: 'slice', header: 'Slice', width: 126, cell: (r) => <code>{r.slice.slice(r.slice.lastIndexOf('+') + 1)}</code> },
  {
    id: 'would',
    header: 'Would be',
    width: 104,
    align: 'right',
    cell: (r) => `${count(r.would)} of ${count(r.asked)}`,
  },
  { id: 'why', header: 'Why', from: 'sm', cell: (r) => <span title={words(r)}>{words(r)}</span> },
];

function words({ reason }: DeniedRow): string {
  return sentence(reason);
}

function signed(n: number): string {
  return n === 0 ? '–' : n > 0 ? `+${count(n)}` : count(n);
}

/** What the policy would have made of last week's requests, by site, and which it would have refused. */
export function PolicyTrialView({ agent, policy }: { agent: string; policy: PolicyChoice }) {
  const trpc = useTRPC();
  const trial = useQuery(
    trpc.agents.tryPolicy.queryOptions({ agent, policy }, { placeholderData: keepPreviousData, staleTime: 60_000 }),
  );
  if (trial.isPending) return <TableSkeleton rows={4} />;
  if (trial.isError)
    return <Unread error={trial.error} onRetry={() => void trial.refetch()} what="What it would have done" />;
  const { data } = trial;
  if (data.requests === 0)
    return (
      <Empty title="Nothing was asked of it last week">
        Once tickets are asked for, you see here what this policy would have given to whom.
      </Empty>
    );
  return (
    <div aria-busy={trial.isPlaceholderData} className="flex flex-col gap-5">
      <p role="status">
        Of {plural(data.asked, 'sliver')} in {plural(data.requests, 'request')}
        {data.cut && ' (the last ones)'}, <b className="font-semibold">{count(data.would)}</b> would have been given;{' '}
        {count(data.granted)} were. {data.deniedCount === 0 ? 'None' : plural(data.deniedCount, 'request')} would have
        got less by this policy than there was room for.
      </p>
      <Table
        caption="What each site asked for, was given, and would have been given"
        columns={SITES}
        maxHeight="22rem"
        rowKey={(r) => r.site}
        rows={data.sites}
        sortParam="bysite"
      />
      {data.denied.length > 0 && (
        <Section
          aside={data.denied.length < data.deniedCount ? `the last ${count(data.denied.length)}` : undefined}
          title="Requests that would have got less"
        >
          <Table
            caption="Requests that the policy would have given less, and why"
            columns={DENIED}
            maxHeight="18rem"
            rowKey={(r) => `${r.at.getTime()} ${r.slice}`}
            rows={data.denied}
            sortParam="bytime"
          />
        </Section>
      )}
      <p className="text-soft text-table">
        Played again in the order in which they came, with what the agent may give out today. Room is looked at in sum,
        not node by node.
      </p>
    </div>
  );
}
