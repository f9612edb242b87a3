'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useMemo } from 'react';
import { sentence } from '@/core/refusal-sentence';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { countryName } from '../fleet/filters';
import { MiniMap } from '../fleet/mini-map';
import { useLiveSlice } from '../live/live-provider';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { count, duration, plural } from '../ui/format';
import { Page, Section } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { Tabs } from '../ui/tabs';
import { Time } from '../ui/time';
import { Term } from '../ui/tooltip';
import { Deployment } from './deployment';
import { HowToGetIn } from './how-to-get-in';
import { Leaving } from './leaving';
import { Members } from './members';
import { OwnManager } from './own-manager';
import { Requests } from './requests';
import { SliceActs } from './slice-acts';
import { SliceState } from './slice-state';
import { SliverTable } from './sliver-table';
import { SliverTerminal } from './sliver-terminal';
import { GROUP, groupOf, isOver } from './states';
import { Timeline } from './timeline';
import { Usage } from './usage';

/** One slice, live: how it stands, its slivers, who has it, what happened, how to get in. */
export function SlicePage({ name }: { name: string }) {
  const trpc = useTRPC();
  useLiveSlice(name);
  const view = useQuery(trpc.slices.get.queryOptions({ name }));
  const slivers = useQuery(trpc.slices.slivers.queryOptions({ name }));
  const rows = useMemo(() => slivers.data ?? [], [slivers.data]);
  if (!view.data) {
    return (
      <Page title={name}>
        {view.isError ? (
          <Unread error={view.error} onRetry={() => void view.refetch()} what="This slice" />
        ) : (
          <TableSkeleton />
        )}
      </Page>
    );
  }
  const slice = view.data;
  return (
    <Page
      acts={<SliceActs slice={slice} slivers={rows} />}
      facts={<Standing slice={slice} />}
      title={<span className="font-mono">{slice.name}</span>}
    >
      {slice.reason && <p className="-mt-3 max-w-prose">{sentence(slice.reason)}</p>}
      {slice.state === 'requested' && <Waiting slice={slice} />}
      <Leaving rows={rows} slice={slice} />
      {slice.spec.ownManager && slice.state !== 'requested' && <OwnManager slice={slice} />}
      <SliverTerminal rows={rows} slice={slice} />
      {showsDeployment(slice, rows) && (
        <div className="grid items-start gap-x-8 gap-y-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
          <Deployment rows={rows} slice={slice} />
          <SliceMap name={name} rows={rows} />
        </div>
      )}
      <Tabs
        label="About this slice"
        tabs={[
          {
            id: 'slivers',
            label: <Tally n={rows.length} word="Slivers" />,
            content: slivers.isPending ? (
              <TableSkeleton />
            ) : slivers.isError ? (
              <Unread
                busy={slivers.isFetching}
                error={slivers.error}
                onRetry={() => void slivers.refetch()}
                what="The slivers"
              />
            ) : (
              <SliverTable rows={rows} slice={slice} />
            ),
          },
          { id: 'usage', label: 'Usage', content: <Usage name={name} /> },
          { id: 'timeline', label: 'Timeline', content: <Timeline name={name} /> },
          { id: 'access', label: 'How to get in', content: <HowToGetIn rows={rows} slice={slice} /> },
          {
            id: 'people',
            label: <Tally n={slice.members.length} word="Members" />,
            content: <Members slice={slice} />,
          },
          {
            id: 'requests',
            label: <Tally n={slice.requests.length} word="Requests" />,
            content: <Requests slice={slice} />,
          },
        ]}
      />
    </Page>
  );
}

/** Progress and places are of use until nothing of the slice is left anywhere. */
function showsDeployment(slice: SliceView, rows: readonly SliverRow[]): boolean {
  if (slice.state !== 'deleted') return rows.length > 0;
  return rows.some((r) => groupOf(r) === 'leaving');
}

function Tally({ word, n }: { word: string; n: number }) {
  return (
    <>
      {word} <span className="font-normal text-faint tabular-nums">{count(n)}</span>
    </>
  );
}

/** State, whose it is, and until when: one line. */
function Standing({ slice }: { slice: SliceView }) {
  const live = !isOver(slice.state) && slice.state !== 'deleting';
  return (
    <div className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
      <span className="text-ink">
        <SliceState state={slice.state} />
      </span>
      <Dot />
      <span>
        {slice.owner.name},{' '}
        <Link className="hover:text-ink hover:underline" href={`/sites/${slice.site.loginBase}`}>
          {slice.site.name}
        </Link>
      </span>
      {slice.endsAt && live && (
        <>
          <Dot />
          <span>
            <Term means="The time for which every node promised its amounts. When it is over, slivers stop and are kept for the grace, then deleted.">
              Lease
            </Term>{' '}
            ends <Time at={slice.endsAt} className="text-ink" />
            {slice.graceSeconds > 0 && `, kept ${duration(slice.graceSeconds)} after`}
          </span>
        </>
      )}
      {slice.deletedAt && (
        <>
          <Dot />
          <span>
            deleted <Time at={slice.deletedAt} />
          </span>
        </>
      )}
    </div>
  );
}

const Dot = () => (
  <span aria-hidden="true" className="text-line-strong max-sm:hidden">
    ·
  </span>
);

function Waiting({ slice }: { slice: SliceView }) {
  return (
    <div className="max-w-3xl rounded border border-line bg-raised px-4 py-3">
      <p className="font-medium">A PI of {slice.site.name} decides on this</p>
      <p className="mt-0.5 text-soft">
        Asked for <Time at={slice.createdAt} />.{' '}
        {slice.spec.ownManager
          ? 'Once it is approved you lease its nodes with your own service manager; this page then says how.'
          : 'It goes live by itself once approved; this page then shows every sliver as it starts. You need not wait here.'}
      </p>
    </div>
  );
}

/** Where the slivers are. */
function SliceMap({ name, rows }: { name: string; rows: readonly SliverRow[] }) {
  const shown = useMemo(() => rows.filter((r) => groupOf(r) !== 'gone'), [rows]);
  const nodes = useMemo(
    () =>
      shown.map((r) => ({
        latitude: r.node.latitude,
        longitude: r.node.longitude,
        state: GROUP[groupOf(r)].tone,
        simulated: r.node.simulated,
      })),
    [shown],
  );
  const countries = [...new Set(shown.flatMap((r) => r.node.country ?? []))].map(countryName).sort();
  return (
    <Section
      aside={
        <Link className="link" href={`/fleet?slice=${name}`}>
          {plural(countries.length, 'country', 'countries')} on the map
        </Link>
      }
      className="max-lg:hidden"
      title="Where"
    >
      <MiniMap
        className="rounded border border-line"
        label={`Slivers in ${countries.join(', ') || 'no known country'}`}
        nodes={nodes}
      />
    </Section>
  );
}
