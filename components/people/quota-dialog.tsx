'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { formatAmount } from '@/core/format/number';
import { QuotaInput } from '@/protocol/api/people';
import type { QuotaMeter } from '@/protocol/api/slice';
import { Refusal } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { count } from '../ui/format';
import { Input } from '../ui/input';

type Measure = QuotaMeter['lines'][number]['measure'];
type Row = { measure: Measure; label: string; unit: string; per: number };
/** Typed in the unit that one thinks in; `per` of the stored unit to one of it. */
const ROWS: readonly Row[] = [
  { measure: 'slivers', label: 'Slivers', unit: '', per: 1 },
  { measure: 'cpuMilli', label: 'CPU', unit: 'cores', per: 1000 },
  { measure: 'memoryMiB', label: 'Memory', unit: 'MiB', per: 1 },
  { measure: 'diskMiB', label: 'Disk', unit: 'MiB', per: 1 },
  { measure: 'networkKbps', label: 'Network', unit: 'kbit/s', per: 1 },
];
const DAY = 86_400;

type QuotaDialogProps = { loginBase: string; quota: QuotaMeter; open: boolean; onClose: () => void };

/** Changes what the site's live slices may hold together. What is used already may exceed a smaller limit: nothing is stopped. */
export function QuotaDialog({ loginBase, quota, open, onClose }: QuotaDialogProps) {
  const line = (m: Measure) => quota.lines.find((l) => l.measure === m);
  const start = () => ({
    ...Object.fromEntries(ROWS.map((r) => [r.measure, String((line(r.measure)?.limit ?? 0) / r.per)])),
    days: String(quota.maxTermSeconds / DAY),
    totalDays: String(quota.maxTotalSeconds / DAY),
  });
  const [typed, setTyped] = useState<Record<string, string>>(start);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const trpc = useTRPC();
  const cache = useQueryClient();
  const save = useMutation(
    trpc.sites.setQuota.mutationOptions({
      onSuccess: (view) => {
        cache.setQueryData(trpc.sites.get.queryKey({ loginBase }), view);
        onClose();
      },
    }),
  );
  const numberOf = (name: string) =>
    /^\s*[\d,]+(\.\d+)?\s*$/.test(typed[name] ?? '') ? Number(typed[name]?.replaceAll(',', '')) : Number.NaN;

  function submit() {
    save.reset();
    const read = QuotaInput.safeParse({
      loginBase,
      ...Object.fromEntries(ROWS.map((r) => [r.measure, Math.round(numberOf(r.measure) * r.per)])),
      maxTermSeconds: Math.round(numberOf('days') * DAY),
      maxTotalSeconds: Math.round(numberOf('totalDays') * DAY),
    });
    if (read.success) {
      setErrors({});
      save.mutate(read.data);
      return;
    }
    const fields = read.error.issues.map(({ path: [name] }) =>
      name === 'maxTermSeconds' ? 'days' : name === 'maxTotalSeconds' ? 'totalDays' : String(name),
    );
    setErrors(
      Object.fromEntries(
        fields.map((f) => [
          f,
          f === 'days'
            ? 'Enter a number of days, from an hour (0.05) to 28.'
            : f === 'totalDays'
              ? 'Enter a number of days, at most 366.'
              : 'Enter a number from 0 up, that is not too large.',
        ]),
      ),
    );
  }
  return (
    <Dialog
      description="Nothing that runs is stopped by a smaller limit; new requests must fit."
      onOpenChange={(next) => {
        if (!next) onClose();
        else setTyped(start());
      }}
      open={open}
      title={`Quota of ${quota.site.name}`}
    >
      <form
        className="flex flex-col gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2">
          {ROWS.map((r) => {
            const used = line(r.measure)?.used ?? 0;
            return (
              <Field
                error={errors[r.measure]}
                hint={`${r.measure === 'slivers' ? count(used) : formatAmount(r.measure, used)} used now`}
                key={r.measure}
                label={r.label}
              >
                {(aria) => (
                  <Input
                    {...aria}
                    after={r.unit || undefined}
                    inputMode="decimal"
                    maxLength={15}
                    onChange={(e) => setTyped({ ...typed, [r.measure]: e.target.value })}
                    value={typed[r.measure] ?? ''}
                  />
                )}
              </Field>
            );
          })}
          <Field error={errors.days} hint="of one request" label="Longest term">
            {(aria) => (
              <Input
                {...aria}
                after="days"
                inputMode="decimal"
                maxLength={6}
                onChange={(e) => setTyped({ ...typed, days: e.target.value })}
                value={typed.days ?? ''}
              />
            )}
          </Field>
          <Field error={errors.totalDays} hint="of one slice, with all renewals" label="Longest in all">
            {(aria) => (
              <Input
                {...aria}
                after="days"
                inputMode="decimal"
                maxLength={6}
                onChange={(e) => setTyped({ ...typed, totalDays: e.target.value })}
                value={typed.totalDays ?? ''}
              />
            )}
          </Field>
        </div>
        <Refusal error={save.error} />
        <div className="flex justify-end gap-2">
          <Button kind="quiet" onClick={onClose}>
            Not now
          </Button>
          <Button busy={save.isPending} kind="primary" type="submit">
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
