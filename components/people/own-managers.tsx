'use client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { PrincipalKeyView } from '@/protocol/api/principal-keys';
import { Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { RevokeDialog } from '../trust/revoke-dialog';
import { Button } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { Empty } from '../ui/empty';
import { plural } from '../ui/format';
import { Section } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { StateMark } from '../ui/state-mark';
import { Time } from '../ui/time';

const COMMAND = 'npm run meridian -- key register --name laptop';

/** Keys with which one's own service managers ask agents and nodes. */
export function OwnManagers() {
  const trpc = useTRPC();
  const keys = useQuery(trpc.principalKeys.list.queryOptions());
  const living = keys.data?.filter((key) => !key.revokedAt) ?? [];
  return (
    <Section aside={living.length > 0 ? plural(living.length, 'key') : null} title="Keys of your own service managers">
      <p className="mb-3 max-w-prose text-soft">
        With such a key you lease nodes for your slices yourself, from the command line. It is made where you use it,
        and counts once an operator approved it.
      </p>
      {keys.isPending && <TableSkeleton rows={2} />}
      {keys.isError && (
        <Unread busy={keys.isFetching} error={keys.error} onRetry={() => void keys.refetch()} what="These keys" />
      )}
      {keys.data && living.length === 0 && (
        <Empty title="None yet">To make and register one, run this where your service manager is to live.</Empty>
      )}
      {living.length > 0 && (
        <ul className="border-line border-t">
          {living.map((key) => (
            <Key key={key.id} view={key} />
          ))}
        </ul>
      )}
      <p className="mt-3 flex items-center gap-1 text-table">
        <code className="wrap-anywhere">{COMMAND}</code>
        <CopyButton text={COMMAND} what="the command" />
      </p>
    </Section>
  );
}

function Key({ view }: { view: PrincipalKeyView }) {
  const [asking, setAsking] = useState(false);
  const trpc = useTRPC();
  const cache = useQueryClient();
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 border-line border-b py-2 text-table">
      <div className="min-w-0 flex-1 max-sm:basis-full">
        <p>
          <b className="wrap-anywhere font-medium">{view.name}</b>
        </p>
        <p className="flex items-center gap-1 text-soft">
          <code className="truncate">{view.jkt}</code>
          <CopyButton text={view.jkt} what="the key’s thumbprint" />
        </p>
      </div>
      <StateMark tone={view.approvedAt ? 'running' : 'progress'}>
        {view.approvedAt ? 'Counts' : 'Waits for approval'}
      </StateMark>
      <span className="text-soft">
        {view.lastUsedAt ? (
          <>
            used <Time at={view.lastUsedAt} />
          </>
        ) : (
          <>
            added <Time at={view.createdAt} />
          </>
        )}
      </span>
      <Button aria-label={`Take back ${view.name}`} kind="quiet" onClick={() => setAsking(true)} size="sm">
        Take back
      </Button>
      <RevokeDialog
        onClose={() => setAsking(false)}
        onDone={() => void cache.invalidateQueries(trpc.principalKeys.list.queryFilter())}
        target={asking ? { kind: 'key', id: view.id } : null}
      />
    </li>
  );
}
