'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useLiveTopic } from '../live/live-provider';
import { Unread } from '../refusal/refusal';
import { SliceTable } from '../slice/slice-table';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Empty } from '../ui/empty';
import { plural } from '../ui/format';
import { useNow } from '../ui/now';
import { Section } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { StateShape } from '../ui/state-mark';
import { Time } from '../ui/time';

const SOON_MS = 3 * 86_400_000;
const REFRESH_MS = 20_000;
const SHOWN = 10;

/** One's slices, those that end soon named first. */
export function MySlices() {
  const trpc = useTRPC();
  useLiveTopic('me');
  const list = useQuery(trpc.slices.list.queryOptions({ scope: 'mine' }, { refetchInterval: REFRESH_MS }));
  const now = useNow();
  const slices = list.data ?? [];
  const ending =
    now === null
      ? []
      : slices.filter(
          (s) => s.endsAt && s.endsAt.getTime() - now < SOON_MS && !['deleting', 'deleted'].includes(s.state),
        );
  return (
    <Section
      aside={
        slices.length > SHOWN && (
          <Link className="link" href="/slices">
            All {plural(slices.length, 'slice')}
          </Link>
        )
      }
      title="My slices"
    >
      {list.isPending && <TableSkeleton rows={3} />}
      {list.isError && (
        <Unread busy={list.isFetching} error={list.error} onRetry={() => void list.refetch()} what="Your slices" />
      )}
      {list.data?.length === 0 && (
        <Empty
          act={
            <Button asChild>
              <Link href="/slices/new">Ask for a slice</Link>
            </Button>
          }
          title="You have no slices yet"
        >
          A slice is your set of virtual machines on nodes all over the planet. Say how many, where and for how long; a
          PI of your site decides, and it goes live by itself.
        </Empty>
      )}
      {ending.length > 0 && (
        <ul className="mb-3 flex flex-col gap-1">
          {ending.map((s) => (
            <li className="flex flex-wrap items-center gap-2" key={s.id}>
              <StateShape tone="degraded" />
              <Link className="link font-mono" href={`/slices/${s.name}`}>
                {s.name}
              </Link>
              {s.endsAt && (
                <span>
                  ends <Time at={s.endsAt} />. Renew it if you still need it.
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      {slices.length > 0 && <SliceTable caption="My slices" slices={slices.slice(0, SHOWN)} />}
    </Section>
  );
}
