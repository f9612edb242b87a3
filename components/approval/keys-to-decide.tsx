'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { DecidableKeyView } from '@/protocol/api/principal-keys';
import { Refusal, Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { RevokeDialog } from '../trust/revoke-dialog';
import { Button } from '../ui/button';
import { plural } from '../ui/format';
import { Section } from '../ui/page';
import { StateMark } from '../ui/state-mark';
import { Time } from '../ui/time';

/** Keys of people's own service managers, for operators: those that wait first. Nothing at all where there is none. */
export function KeysToDecide() {
  const trpc = useTRPC();
  const keys = useQuery(trpc.principalKeys.toDecide.queryOptions());
  if (keys.isError)
    return <Unread busy={keys.isFetching} error={keys.error} onRetry={() => void keys.refetch()} what="The keys" />;
  if (!keys.data || keys.data.length === 0) return null;
  const waiting = keys.data.filter((key) => !key.approvedAt).length;
  return (
    <Section
      aside={waiting > 0 ? `${plural(waiting, 'key')} to decide` : null}
      title="Keys of people’s own service managers"
    >
      <p className="mb-3 max-w-prose text-soft">
        Whoever holds one may lease nodes for their own slices from the command line, within what was approved for them.
      </p>
      <ul className="border-line border-t">
        {keys.data.map((key) => (
          <Key key={key.id} view={key} />
        ))}
      </ul>
    </Section>
  );
}

function Key({ view }: { view: DecidableKeyView }) {
  const [asking, setAsking] = useState(false);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const reread = () => void cache.invalidateQueries(trpc.principalKeys.pathFilter());
  const approve = useMutation(trpc.principalKeys.approve.mutationOptions({ onSuccess: reread }));
  const what = `${view.name} of ${view.person.name}`;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-b py-2 text-table">
      <div className="min-w-0 flex-1 max-sm:basis-full">
        <p>
          <b className="wrap-anywhere font-medium">{view.name}</b>{' '}
          <span className="text-soft">
            {view.person.name}, {view.person.email}
          </span>
        </p>
        <p className="text-soft">
          <code className="wrap-anywhere">{view.jkt}</code>
        </p>
        <Refusal error={approve.error} />
      </div>
      {view.approvedAt ? (
        <StateMark tone="running">
          Approved{view.approvedBy && ` by ${view.approvedBy}`}, <Time at={view.approvedAt} />
        </StateMark>
      ) : (
        <StateMark tone="progress">
          Asked <Time at={view.createdAt} />
        </StateMark>
      )}
      {view.mayApprove && (
        <Button
          aria-label={`Approve ${what}`}
          busy={approve.isPending}
          kind="primary"
          onClick={() => approve.mutate({ id: view.id })}
          size="sm"
        >
          Approve
        </Button>
      )}
      <Button aria-label={`Take back ${what}`} kind="quiet" onClick={() => setAsking(true)} size="sm">
        Take back
      </Button>
      <RevokeDialog
        onClose={() => setAsking(false)}
        onDone={reread}
        target={asking ? { kind: 'key', id: view.id } : null}
      />
    </li>
  );
}
