'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Play, RotateCcw, Square } from 'lucide-react';
import { useState } from 'react';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { Refusal, Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Confirm } from '../ui/dialog';
import { Skeleton } from '../ui/skeleton';

type Props = { slice: SliceView; row: SliverRow };

/** May its people still do something with it? */
export const isThere = (row: SliverRow) =>
  row.goneAt === null && row.desired !== 'gone' && ['starting', 'running', 'stopped', 'failed'].includes(row.reported);

/** Starts, stops or resets one sliver; its state follows live. */
export function SliverActs({ slice, row }: Props) {
  const [asking, setAsking] = useState(false);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const act = useMutation(
    trpc.slices.sliverAct.mutationOptions({
      onSuccess: () => {
        setAsking(false);
        void cache.invalidateQueries(trpc.slices.slivers.queryFilter({ name: slice.name }));
        void cache.invalidateQueries(trpc.slices.sliverLogs.pathFilter());
      },
    }),
  );
  const ask = { name: slice.name, node: row.node.urn };
  const busy = (which: string) => act.isPending && act.variables.act === which;
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap gap-2">
        {row.reported === 'stopped' || row.reported === 'failed' ? (
          <Button busy={busy('start')} onClick={() => act.mutate({ ...ask, act: 'start' })} size="sm">
            <Play aria-hidden="true" />
            Start
          </Button>
        ) : (
          <Button busy={busy('stop')} onClick={() => act.mutate({ ...ask, act: 'stop' })} size="sm">
            <Square aria-hidden="true" />
            Stop
          </Button>
        )}
        <Button kind="danger-quiet" onClick={() => setAsking(true)} size="sm">
          <RotateCcw aria-hidden="true" />
          Reset
        </Button>
      </div>
      {!asking && <Refusal error={act.error} />}
      <Confirm
        act="Reset"
        busy={busy('reset')}
        description="It gets a fresh root and starts again. What is stored in it is lost; its address, ports and lease stay."
        onConfirm={() => act.mutate({ ...ask, act: 'reset' })}
        onOpenChange={setAsking}
        open={asking}
        problem={asking && <Refusal error={act.error} />}
        title={
          <>
            Reset the sliver on <code>{row.node.hostname}</code>
          </>
        }
      />
    </div>
  );
}

/** What the node did to the sliver, and what its first process printed. */
export function SliverLog({ slice, row }: Props) {
  const [open, setOpen] = useState(false);
  const trpc = useTRPC();
  const logs = useQuery({
    ...trpc.slices.sliverLogs.queryOptions({ name: slice.name, node: row.node.urn }),
    enabled: open,
    refetchInterval: open ? 5000 : false,
  });
  const text = logs.data && [logs.data.events, logs.data.console].filter(Boolean).join('── console\n');
  return (
    <div className="flex flex-col gap-2">
      <Button aria-expanded={open} className="self-start" onClick={() => setOpen(!open)} size="sm">
        {open ? 'Hide the log' : 'Show the log'}
      </Button>
      {open && logs.isPending && <Skeleton className="w-full" />}
      {open && logs.isError && <Unread error={logs.error} onRetry={() => void logs.refetch()} what="The log" />}
      {open && logs.data && (
        <section
          aria-label="Log"
          className="max-h-64 overflow-auto rounded border border-line bg-sunken p-2"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by keys
          tabIndex={0}
        >
          <pre className="font-mono text-table">{text || 'Nothing yet. Its programs may write to /proc/1/fd/1.'}</pre>
        </section>
      )}
    </div>
  );
}
