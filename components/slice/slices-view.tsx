'use client';
import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import Link from 'next/link';
import type { Me } from '@/protocol/api/people';
import { Unread } from '../refusal/refusal';
import { asks, decides } from '../shell/places';
import { useTRPC } from '../trpc/client';
import { useAddress } from '../ui/address';
import { Button } from '../ui/button';
import { Checkbox } from '../ui/checkbox';
import { Empty } from '../ui/empty';
import { count, plural } from '../ui/format';
import { Input } from '../ui/input';
import { Page } from '../ui/page';
import { Select } from '../ui/select';
import { TableSkeleton } from '../ui/skeleton';
import { SliceTable } from './slice-table';
import { SLICE_STATE } from './states';

const REFRESH_MS = 20_000;
const STATES = [
  { value: '', label: 'Any state' },
  ...Object.entries(SLICE_STATE).map(([value, { word }]) => ({ value, label: word })),
];

/** The slices one may see: whose, in which state, by name. All of it lives in the address. */
export function SlicesView({ me }: { me: Me }) {
  const [scopeParam, setScope] = useAddress('scope', 'mine');
  const [over, setOver] = useAddress('over', 'no');
  const [state, setState] = useAddress('state', '');
  const [text, setText] = useAddress('q', '');
  const scope = scopeParam === 'site' || scopeParam === 'all' ? scopeParam : 'mine';
  const trpc = useTRPC();
  const list = useQuery(
    trpc.slices.list.queryOptions(
      { scope, includeOver: over === 'yes' },
      { refetchInterval: REFRESH_MS, placeholderData: (before) => before },
    ),
  );
  const scopes = [
    { value: 'mine', label: 'Mine' },
    ...(decides(me) ? [{ value: 'site', label: 'My sites’' }] : []),
    ...(me.person.operator ? [{ value: 'all', label: 'All' }] : []),
  ];
  const all = list.data ?? [];
  const shown = all.filter((s) => (state === '' || s.state === state) && s.name.includes(text.trim().toLowerCase()));
  const act = asks(me) && (
    <Button asChild kind="primary">
      <Link href="/slices/new">
        <Plus aria-hidden="true" />
        Ask for a slice
      </Link>
    </Button>
  );
  return (
    <Page acts={act} facts="A slice is your set of virtual machines on nodes all over the planet." title="Slices">
      <div className="flex flex-col gap-3">
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <Input
            aria-label="Find by name"
            className="w-full sm:w-56"
            onChange={(e) => setText(e.target.value)}
            placeholder="Find by name"
            type="search"
            value={text}
          />
          {scopes.length > 1 && (
            <Select
              aria-label="Whose slices"
              onChange={(e) => setScope(e.target.value)}
              options={scopes}
              value={scope}
            />
          )}
          <Select aria-label="State" onChange={(e) => setState(e.target.value)} options={STATES} value={state} />
          <Checkbox
            checked={over === 'yes'}
            label="Also those that are over"
            onChange={(yes) => setOver(yes ? 'yes' : 'no')}
          />
          <span className="ml-auto text-soft text-table tabular-nums" role="status">
            {shown.length === all.length
              ? plural(all.length, 'slice')
              : `${count(shown.length)} of ${plural(all.length, 'slice')}`}
          </span>
        </div>
        {list.isPending && <TableSkeleton />}
        {list.isError && (
          <Unread busy={list.isFetching} error={list.error} onRetry={() => void list.refetch()} what="The slices" />
        )}
        {list.data && all.length === 0 && (
          <Empty act={act} title={scope === 'mine' ? 'You have no slices yet' : 'No slices here yet'}>
            Say how many nodes you need, where and for how long. A PI of your site decides, and the slice goes live by
            itself.
          </Empty>
        )}
        {all.length > 0 && (
          <SliceTable
            caption="Slices"
            empty="No slice matches. Change the filters above."
            maxHeight="calc(100dvh - 13rem)"
            slices={shown}
          />
        )}
      </div>
    </Page>
  );
}
