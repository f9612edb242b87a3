'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { RevokeTarget } from '@/protocol/api/revocations';
import { Refusal, Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { plural } from '../ui/format';
import { Input } from '../ui/input';
import { Skeleton } from '../ui/skeleton';
import { toast } from '../ui/toast';
import { LeasesChoice } from './leases-choice';
import { RevokePreviewView } from './revoke-preview';

type RevokeDialogProps = {
  /** What to take back; null: closed. */
  target: RevokeTarget | null;
  onClose: () => void;
  onDone?: () => void;
};

/** Takes authority back: shows what goes with it, asks what becomes of leases and why, and for the name where there is no way back. */
export function RevokeDialog({ target, onClose, onDone }: RevokeDialogProps) {
  return (
    <Dialog
      description="What stands below it is refused from then on: within two seconds at nodes that are online, at their next contact at others."
      onOpenChange={(open) => !open && onClose()}
      open={target !== null}
      title={target ? `Take back ${TITLES[target.kind]}` : ''}
    >
      {target && <RevokeForm key={JSON.stringify(target)} onClose={onClose} onDone={onDone} target={target} />}
    </Dialog>
  );
}

const TITLES: Record<RevokeTarget['kind'], string> = {
  delegation: 'what was delegated',
  agent: 'an agent',
  node: 'a node',
  key: 'a key',
  ticket: 'a ticket',
};

function RevokeForm({ target, onClose, onDone }: { target: RevokeTarget } & Omit<RevokeDialogProps, 'target'>) {
  const [endLeases, setEndLeases] = useState(false);
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const [tried, setTried] = useState(false);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const preview = useQuery(trpc.revocations.preview.queryOptions({ target }, { staleTime: 0, retry: false }));
  const revoke = useMutation(
    trpc.revocations.revoke.mutationOptions({
      onSuccess: () => {
        for (const path of [trpc.revocations, trpc.trust, trpc.fleet]) void cache.invalidateQueries(path.pathFilter());
        toast(`Taken back: ${preview.data?.name ?? 'it'}. Nodes hear of it now.`);
        onClose();
        onDone?.();
      },
    }),
  );
  if (preview.isPending) return <Skeleton className="h-48" />;
  if (preview.isError)
    return <Unread error={preview.error} onRetry={() => void preview.refetch()} what="What would go with it" />;
  const seen = preview.data;
  const nameError = seen.final && typed !== seen.name ? 'Type the name as it stands above.' : undefined;
  const reasonError = reason.trim() ? undefined : 'Say why: it is shown to those whom it meets.';
  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (!nameError && !reasonError) revoke.mutate({ target, endLeases, reason: reason.trim() });
  }
  return (
    <form className="flex flex-col gap-4" noValidate onSubmit={submit}>
      <RevokePreviewView preview={seen} />
      {seen.leases > 0 || target.kind === 'key' ? (
        <LeasesChoice end={endLeases} lastEnd={seen.lastEnd} leases={seen.leases} onChange={setEndLeases} />
      ) : null}
      <Field error={tried && reasonError} label="Reason">
        {(aria) => <Input {...aria} maxLength={300} onChange={(e) => setReason(e.target.value)} value={reason} />}
      </Field>
      {seen.final && (
        <Field
          error={tried && nameError}
          label={
            <>
              This cannot be undone. Type <code className="font-medium">{seen.name}</code> to confirm
            </>
          }
        >
          {(aria) => (
            <Input
              {...aria}
              autoComplete="off"
              className="font-mono"
              onChange={(e) => setTyped(e.target.value)}
              spellCheck={false}
              value={typed}
            />
          )}
        </Field>
      )}
      <Refusal error={revoke.error} />
      <div className="flex justify-end gap-2">
        <Button kind="quiet" onClick={onClose}>
          Keep it
        </Button>
        <Button busy={revoke.isPending} kind="danger" type="submit">
          {endLeases && seen.leases > 0 ? `Take back and end ${plural(seen.leases, 'lease')}` : 'Take back'}
        </Button>
      </div>
    </form>
  );
}
