'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { RotateCw } from 'lucide-react';
import Link from 'next/link';
import { useState } from 'react';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import { Refusal, wordsFor } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Confirm } from '../ui/dialog';
import { plural } from '../ui/format';
import { toast } from '../ui/toast';
import { ChangeDialog } from './change-dialog';
import { RenewDialog } from './renew-dialog';
import { groupOf } from './states';

/** What may be done with the slice now, by the one who looks. */
export function SliceActs({ slice, slivers }: { slice: SliceView; slivers: readonly SliverRow[] }) {
  const [asking, setAsking] = useState<'delete' | 'withdraw' | 'renew' | 'change' | null>(null);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const { name } = slice;
  const done = {
    onSuccess: (view: SliceView) => {
      setAsking(null);
      cache.setQueryData(trpc.slices.get.queryKey({ name }), view);
      void cache.invalidateQueries(trpc.slices.pathFilter());
    },
  };
  const remove = useMutation(trpc.slices.delete.mutationOptions(done));
  const withdraw = useMutation(trpc.slices.withdraw.mutationOptions(done));
  const retry = useMutation(trpc.slices.retry.mutationOptions({ ...done, onError: (error) => toast(wordsFor(error)) }));
  const live = slivers.filter((s) => !['gone', 'failed', 'leaving'].includes(groupOf(s)));
  const nodes = new Set(live.map((s) => s.node.id)).size;
  const pendingRenewal = slice.requests.some((r) => r.kind === 'renew' && r.state === 'pending');
  const pendingChange = slice.requests.some((r) => r.kind === 'change' && r.state === 'pending');
  return (
    <>
      {slice.may.decide && slice.requests.some((r) => r.state === 'pending') && (
        <Button asChild kind="primary">
          <Link href="/approvals">Decide</Link>
        </Button>
      )}
      {slice.may.delete && (slice.state === 'failed' || slice.state === 'degraded') && (
        <Button busy={retry.isPending} onClick={() => retry.mutate({ name })}>
          <RotateCw aria-hidden="true" />
          Try again
        </Button>
      )}
      {slice.may.renew && (
        <Button
          disabled={pendingRenewal}
          onClick={() => setAsking('renew')}
          title={pendingRenewal ? 'A renewal waits for a PI already.' : undefined}
        >
          {pendingRenewal ? 'Renewal waits' : 'Renew'}
        </Button>
      )}
      {slice.may.change && (
        <Button onClick={() => setAsking('change')}>{pendingChange ? 'Change (one waits)' : 'Change'}</Button>
      )}
      {slice.may.withdraw && <Button onClick={() => setAsking('withdraw')}>Withdraw</Button>}
      {slice.may.delete && (
        <Button kind="danger-quiet" onClick={() => setAsking('delete')}>
          Delete
        </Button>
      )}
      <Confirm
        act="Delete"
        busy={remove.isPending}
        description="What is stored on its slivers goes with them. This cannot be undone."
        onConfirm={() => remove.mutate({ name })}
        onOpenChange={(open) => setAsking(open ? 'delete' : null)}
        open={asking === 'delete'}
        problem={<Refusal error={remove.error} />}
        title={
          <>
            Delete <code>{name}</code>:{' '}
            {live.length === 0
              ? 'no sliver of it runs'
              : `${plural(live.length, 'sliver')} on ${plural(nodes, 'node')} stop now`}
          </>
        }
        typed={name}
      />
      <Confirm
        act="Withdraw"
        busy={withdraw.isPending}
        description={
          slice.state === 'requested'
            ? 'No PI will see it any more. You can ask again, under the same name if you like.'
            : 'No PI will see it any more. The slice runs on as it is.'
        }
        onConfirm={() => withdraw.mutate({ name })}
        onOpenChange={(open) => setAsking(open ? 'withdraw' : null)}
        open={asking === 'withdraw'}
        problem={<Refusal error={withdraw.error} />}
        title={
          <>
            Take back the request for <code>{name}</code>
          </>
        }
      />
      <ChangeDialog onClose={() => setAsking(null)} open={asking === 'change'} rows={slivers} slice={slice} />
      <RenewDialog onClose={() => setAsking(null)} onDone={done.onSuccess} open={asking === 'renew'} slice={slice} />
    </>
  );
}
