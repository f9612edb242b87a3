'use client';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { SliceView } from '@/protocol/api/slice';
import { Refusal } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { Input, Textarea } from '../ui/input';
import { Time } from '../ui/time';

type RenewDialogProps = { slice: SliceView; open: boolean; onClose: () => void; onDone: (view: SliceView) => void };

/** Asks for more time, from the present end on. A PI decides, as for the first term. */
export function RenewDialog({ slice, open, onClose, onDone }: RenewDialogProps) {
  const [days, setDays] = useState(String(Math.max(1, Math.round(slice.spec.termSeconds / 86_400))));
  const [reason, setReason] = useState('');
  const trpc = useTRPC();
  const renew = useMutation(trpc.slices.renew.mutationOptions({ onSuccess: onDone }));
  const n = Number(days);
  const daysError = Number.isFinite(n) && n > 0 && n <= 28 ? undefined : 'Enter a number of days, at most 28.';
  const reasonError = reason.trim().length >= 10 ? undefined : 'Say in a sentence why you need it longer.';
  const [tried, setTried] = useState(false);
  const newEnd = slice.endsAt && !daysError ? new Date(slice.endsAt.getTime() + Math.round(n * 86_400) * 1000) : null;
  return (
    <Dialog
      description={
        slice.endsAt ? (
          <>
            Its lease {slice.state === 'suspended' ? 'ended' : 'ends'} <Time at={slice.endsAt} />. The new term goes on
            from there. A PI of {slice.site.name} decides.
            {slice.latestEnd && (
              <>
                {' '}
                With all renewals it lasts until <Time at={slice.latestEnd} /> at most.
              </>
            )}
          </>
        ) : undefined
      }
      onOpenChange={(next) => !next && onClose()}
      open={open}
      title={
        <>
          Renew <code>{slice.name}</code>
        </>
      }
    >
      <form
        className="flex flex-col gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (!daysError && !reasonError)
            renew.mutate({ name: slice.name, termSeconds: Math.round(n * 86_400), reason: reason.trim() });
        }}
      >
        <Field className="max-w-40" error={tried && daysError} label="For another">
          {(aria) => (
            <Input
              {...aria}
              after="days"
              inputMode="decimal"
              maxLength={6}
              onChange={(e) => setDays(e.target.value)}
              value={days}
            />
          )}
        </Field>
        {newEnd && (
          <p aria-live="polite">
            It would then end <Time at={newEnd} className="text-ink" />.
          </p>
        )}
        <Field error={tried && reasonError} label="Reason">
          {(aria) => <Textarea {...aria} maxLength={2000} onChange={(e) => setReason(e.target.value)} value={reason} />}
        </Field>
        <Refusal error={renew.error} />
        <div className="flex justify-end gap-2">
          <Button kind="quiet" onClick={onClose}>
            Not now
          </Button>
          <Button busy={renew.isPending} kind="primary" type="submit">
            Ask for it
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
