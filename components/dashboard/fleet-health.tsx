'use client';
import Link from 'next/link';
import { useMemo } from 'react';
import { MiniMap } from '../fleet/mini-map';
import { STANDING, STANDINGS, type Standing, standingOf, toneOf } from '../fleet/node-standing';
import { useFleet } from '../fleet/use-fleet';
import { Unread } from '../refusal/refusal';
import { count, plural } from '../ui/format';
import { Section } from '../ui/page';
import { Skeleton } from '../ui/skeleton';
import { StateShape } from '../ui/state-mark';

/** How the fleet stands: what is ready, and every other standing with its number; each leads to those nodes. */
export function FleetHealth() {
  const fleet = useFleet();
  const nodes = fleet.data;
  const counts = useMemo(() => {
    const by = new Map<Standing, number>();
    for (const n of nodes ?? []) by.set(standingOf(n), (by.get(standingOf(n)) ?? 0) + 1);
    return by;
  }, [nodes]);
  const dots = useMemo(
    () =>
      (nodes ?? []).map((n) => ({
        latitude: n.latitude,
        longitude: n.longitude,
        state: toneOf(n),
        simulated: n.simulated,
      })),
    [nodes],
  );
  if (!nodes) {
    return (
      <Section title="Fleet">
        {fleet.isError ? (
          <Unread busy={fleet.isFetching} error={fleet.error} onRetry={() => void fleet.refetch()} what="The fleet" />
        ) : (
          <Skeleton className="h-64 w-full" />
        )}
      </Section>
    );
  }
  const slivers = nodes.reduce((sum, n) => sum + n.slivers, 0);
  const ready = counts.get('ready') ?? 0;
  return (
    <Section
      aside={
        <Link className="link" href="/fleet">
          Map and table
        </Link>
      }
      title="Fleet"
    >
      <div className="grid items-stretch gap-x-10 gap-y-4 lg:grid-cols-[20rem_minmax(0,44rem)]">
        <div>
          <p>
            <b className="font-semibold text-display tabular-nums">{count(ready)}</b>{' '}
            <span className="text-soft">of {plural(nodes.length, 'node')} are ready</span>
          </p>
          <p className="mb-3 text-soft">
            {plural(slivers, 'sliver')} on them, in{' '}
            {plural(new Set(nodes.flatMap((n) => n.country ?? [])).size, 'country', 'countries')}
          </p>
          <ul className="border-line border-t text-table">
            {STANDINGS.filter((s) => (counts.get(s) ?? 0) > 0).map((s) => (
              <li key={s}>
                <Link
                  className="flex h-9 items-center gap-2.5 border-line border-b px-1 hover:bg-hover"
                  href={`/fleet?state=${s}`}
                  title={STANDING[s].means}
                >
                  <StateShape tone={STANDING[s].tone} />
                  <span className="flex-1">{STANDING[s].label}</span>
                  <span className="tabular-nums">{count(counts.get(s) ?? 0)}</span>
                </Link>
              </li>
            ))}
          </ul>
        </div>
        <MiniMap
          className="rounded border border-line max-sm:hidden"
          label={`${plural(nodes.length, 'node')} on the map; the list says how they stand`}
          nodes={dots}
        />
      </div>
    </Section>
  );
}
