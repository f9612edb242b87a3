'use client';
import { useMemo } from 'react';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { count, duration, plural } from '../ui/format';
import { useNow } from '../ui/now';
import { Section } from '../ui/page';
import { Progress } from '../ui/progress';
import { StateShape } from '../ui/state-mark';
import { Time } from '../ui/time';
import { countGroups, GROUP, type Group } from './states';

const WINDOW_MS = 10_000;
const ORDER: readonly Group[] = ['running', 'progress', 'leaving', 'unknown', 'stopped', 'failed'];
const ORDER_LEAVING: readonly Group[] = ['gone', 'leaving'];

/** How far the slice is: done of total, rate, time left, and the parts in words and figures below. */
export function Deployment({ slice, rows }: { slice: SliceView; rows: readonly SliverRow[] }) {
  const counts = useMemo(() => countGroups(rows), [rows]);
  const moving = slice.state === 'deploying' || slice.state === 'approved';
  const leaving = slice.state === 'deleting' || slice.state === 'deleted';
  const order = leaving ? ORDER_LEAVING : ORDER;
  const rate = useRate(rows, moving);
  const countries = new Set(
    rows.filter((r) => r.reported === 'running' && r.desired === 'running').flatMap((r) => r.node.country ?? []),
  ).size;
  const done = leaving ? counts.gone : counts.running;
  const total = leaving ? counts.gone + counts.leaving : slice.sliverCount;
  return (
    <Section
      aside={
        slice.deployedAt && !leaving ? (
          <>
            deployed <Time at={slice.deployedAt} />
          </>
        ) : null
      }
      title={leaving ? 'Leaving its nodes' : moving ? 'Going live' : 'Slivers'}
    >
      <Progress
        done={done}
        label={leaving ? 'Slivers gone' : 'Slivers running'}
        parts={order.map((g) => ({ tone: GROUP[g].tone, n: counts[g], word: GROUP[g].word }))}
        ratePerSecond={rate}
        total={total}
        unit={leaving ? 'gone' : 'running'}
      />
      <ul className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-table tabular-nums">
        {order
          .filter((g) => counts[g] > 0)
          .map((g) => (
            <li className="flex items-center gap-2" key={g}>
              <StateShape tone={GROUP[g].tone} />
              {count(counts[g])} {GROUP[g].word}
            </li>
          ))}
        {countries > 0 && !leaving && <li className="text-soft">in {plural(countries, 'country', 'countries')}</li>}
        {!leaving && slice.minimumCount < slice.sliverCount && (
          <li className="text-soft">at least {count(slice.minimumCount)} needed</li>
        )}
      </ul>
      {!leaving && !moving && <Times rows={rows} slice={slice} />}
    </Section>
  );
}

/** How long it took from the approval to the first, the middle and the last sliver that runs; those that a change brought later aside. */
function Times({ slice, rows }: { slice: SliceView; rows: readonly SliverRow[] }) {
  const from = slice.approvedAt?.getTime();
  const until = slice.deployedAt?.getTime() ?? Number.POSITIVE_INFINITY;
  const took = rows
    .filter((r) => r.movedFromId === null && r.createdAt.getTime() <= until)
    .flatMap((r) => (from && r.runningAt ? [(r.runningAt.getTime() - from) / 1000] : []))
    .sort((a, b) => a - b);
  const [first, middle, last] = [took[0], took[Math.floor(took.length / 2)], took.at(-1)];
  if (first === undefined || middle === undefined || last === undefined || first < 0) return null;
  return (
    <p className="mt-2 text-soft text-table tabular-nums">
      From the approval: the first ran after {duration(first)}, half after {duration(middle)}, the last after{' '}
      {duration(last)}.
    </p>
  );
}

/** Slivers that began to run in the last ten seconds, a second; null when none or when nothing moves. */
function useRate(rows: readonly SliverRow[], moving: boolean): number | null {
  const now = useNow();
  if (!moving || now === null) return null;
  const recent = rows.flatMap((r) =>
    r.runningAt && now - r.runningAt.getTime() < WINDOW_MS ? [r.runningAt.getTime()] : [],
  );
  if (recent.length < 2) return null;
  const span = Math.max(1000, now - Math.min(...recent));
  return (recent.length / span) * 1000;
}
