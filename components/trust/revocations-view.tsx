'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { RevocationView } from '@/protocol/api/revocations';
import { useLiveTopic } from '../live/live-provider';
import { Refusal, Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Empty } from '../ui/empty';
import { count, plural } from '../ui/format';
import { TableSkeleton } from '../ui/skeleton';
import { StateMark } from '../ui/state-mark';
import { Time } from '../ui/time';

/** What was taken back, newest first: by whom, why, and how far it has reached. */
export function RevocationsView() {
  useLiveTopic('trust');
  const trpc = useTRPC();
  const list = useQuery(trpc.revocations.list.queryOptions());
  if (list.isPending) return <TableSkeleton rows={4} />;
  if (list.isError) return <Unread error={list.error} onRetry={() => void list.refetch()} what="What was taken back" />;
  if (list.data.length === 0)
    return (
      <Empty title="Nothing has been taken back">
        Keys, delegations and tickets that were taken back before their time are listed here, with the nodes that have
        heard of it. To take a delegation back, open its statement in the graph.
      </Empty>
    );
  return (
    <ul className="border-line border-t">
      {list.data.map((one) => (
        <Act key={one.id} one={one} />
      ))}
    </ul>
  );
}

const KINDS: Record<RevocationView['kind'], string> = {
  delegation: 'Delegation',
  agent: 'Agent',
  node: 'Node',
  key: 'Key',
  ticket: 'Ticket',
};

function Act({ one }: { one: RevocationView }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const restore = useMutation(
    trpc.revocations.restore.mutationOptions({
      onSuccess: () => cache.invalidateQueries(trpc.revocations.pathFilter()),
    }),
  );
  const { heard } = one;
  const goes = [
    one.delegations > 0 && plural(one.delegations, 'delegation'),
    one.tickets > 0 && `${plural(one.tickets, 'ticket')} void`,
    one.leases > 0 &&
      `${plural(one.leases, 'lease')} ${one.endLeases ? 'ended' : one.leases === 1 ? 'runs to its end' : 'run to their end'}`,
    one.slices.length > 0 &&
      `slices: ${one.slices.slice(0, 3).join(', ')}${one.slices.length > 3 ? ` and ${one.slices.length - 3} more` : ''}`,
  ].filter((words) => words !== false);
  return (
    <li className="grid gap-x-6 gap-y-1 border-line border-b py-3 text-table md:grid-cols-[minmax(0,1fr)_17rem_12rem]">
      <div className="min-w-0">
        <p className="wrap-anywhere font-medium">
          <span className="text-soft">{KINDS[one.kind]}</span> <code>{one.name}</code>
        </p>
        <p className="wrap-anywhere text-soft">
          {one.by}, <Time at={one.at} />: {one.reason}
        </p>
        {goes.length > 0 && <p className="wrap-anywhere text-soft">{goes.join('; ')}</p>}
      </div>
      <Heard heard={heard} />
      <div className="flex items-start justify-end">
        {one.mayRestore && (
          <Button busy={restore.isPending} onClick={() => restore.mutate({ id: one.id })} size="sm">
            Let them delegate again
          </Button>
        )}
        {one.liftedAt && (
          <span className="text-soft">
            given back <Time at={one.liftedAt} />
          </span>
        )}
        <Refusal error={restore.error} />
      </div>
    </li>
  );
}

function Heard({ heard }: { heard: RevocationView['heard'] }) {
  if (heard.of === 0) return <p className="text-soft">It concerns no node</p>;
  const away = heard.of - heard.by;
  return (
    <div aria-live="polite">
      <StateMark tone={away === 0 ? 'running' : 'progress'}>
        heard by <span className="tabular-nums">{count(heard.by)}</span> of{' '}
        <span className="tabular-nums">{plural(heard.of, 'node')}</span>
      </StateMark>
      {away > 0 && (
        <p className="wrap-anywhere pl-5 text-soft">
          {heard.away.slice(0, 3).join(', ')}
          {away > 3 && ` and ${count(away - 3)} more`} {away === 1 ? 'hears' : 'hear'} at {away === 1 ? 'its' : 'their'}{' '}
          next contact
        </p>
      )}
    </div>
  );
}
