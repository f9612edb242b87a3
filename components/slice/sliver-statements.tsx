'use client';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { SliceView, SliverRow } from '@/protocol/api/slice';
import type { SliverStatement } from '@/protocol/api/statements';
import { hasEd25519 } from '@/protocol/statement/web-verify';
import { actorWords } from '../audit/audit-words';
import { Unread, wordsFor } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { PastedResult, Refusal } from '../trust/pasted-result';
import { verifyPasted } from '../trust/verify-pasted';
import { CopyLine } from '../ui/copy-button';
import { Skeleton } from '../ui/skeleton';
import { Time } from '../ui/time';

const STATE: Record<string, string> = {
  issued: 'not redeemed yet',
  redeemed: 'redeemed',
  burnt: 'given back',
  lapsed: 'lapsed',
  live: 'in force',
  ended: 'over',
  released: 'released',
  refused: 'refused',
};

/** The tickets, lease and receipts of a sliver as they were signed; each opened, verified here and copied. */
export function SliverStatements({ slice, row }: { slice: SliceView; row: SliverRow }) {
  const trpc = useTRPC();
  const found = useQuery(trpc.slices.statements.queryOptions({ name: slice.name, sliverId: row.id }));
  if (found.isPending) return <Skeleton className="w-full" />;
  if (found.isError) return <Unread error={found.error} onRetry={() => void found.refetch()} what="What was signed" />;
  if (found.data.statements.length === 0)
    return <p className="text-soft text-table">Nothing yet: first its agent issues a ticket.</p>;
  return (
    <ul aria-label="What was signed" className="flex flex-col border-line border-t">
      {found.data.statements.map((one) => (
        <li className="border-line border-b" key={`${one.iss} ${one.jti}`}>
          <Signed one={one} />
        </li>
      ))}
    </ul>
  );
}

function Signed({ one }: { one: SliverStatement }) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)} open={open}>
      <summary className="flex cursor-pointer flex-wrap items-baseline gap-x-2 py-1.5 text-table">
        <span className="font-medium">
          {one.kind === 'ticket' ? 'Ticket' : one.kind === 'lease' ? 'Lease' : 'Receipt'}
        </span>
        <span>{STATE[one.state] ?? one.state}</span>
        <span className="text-soft">signed by {actorWords({ actor: one.signer, actorName: null })}</span>
        <span className="ml-auto text-faint">
          <Time at={one.at} />
        </span>
      </summary>
      {open && <Opened text={one.text} />}
    </details>
  );
}

function Opened({ text }: { text: string }) {
  const trpc = useTRPC();
  const cache = useQueryClient();
  const verified = useQuery({
    queryKey: ['statement verified here', text],
    queryFn: async () => {
      const lookup = (jkt: string) => cache.fetchQuery(trpc.trust.key.queryOptions({ jkt }, { staleTime: 60_000 }));
      return (await hasEd25519()) ? verifyPasted(text, lookup, Date.now()) : null;
    },
    retry: false,
  });
  return (
    <div className="flex flex-col gap-3 pb-3">
      {verified.isPending && <Skeleton className="w-full" />}
      {verified.isError && <Refusal word="Could not be verified">{wordsFor(verified.error)}</Refusal>}
      {verified.data === null && (
        <Refusal word="This browser has no Ed25519">
          Copy it and run <code>meridian inspect &lt;statement&gt;</code>, or use a newer browser.
        </Refusal>
      )}
      {verified.data && <PastedResult pasted={verified.data} />}
      <CopyLine text={text} what="the signed statement" />
    </div>
  );
}
