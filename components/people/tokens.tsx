'use client';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Refusal, Unread } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { CopyLine } from '../ui/copy-button';
import { Field } from '../ui/field';
import { Input } from '../ui/input';
import { Section } from '../ui/page';
import { Select } from '../ui/select';
import { TableSkeleton } from '../ui/skeleton';
import { Time } from '../ui/time';

const DAYS = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'a year' },
];

/** Tokens with which the command line acts as oneself; each is shown once. */
export function Tokens() {
  const [name, setName] = useState('');
  const [days, setDays] = useState('30');
  const [tried, setTried] = useState(false);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const tokens = useQuery(trpc.tokens.list.queryOptions());
  const again = { onSuccess: () => cache.invalidateQueries(trpc.tokens.list.queryFilter()) };
  const create = useMutation(trpc.tokens.create.mutationOptions(again));
  const revoke = useMutation(
    trpc.tokens.revoke.mutationOptions({
      onSuccess: ({ id }) => {
        // What is shown once is of no use any more.
        if (create.data?.id === id) create.reset();
        return again.onSuccess();
      },
    }),
  );
  const live = (tokens.data ?? []).filter((t) => t.revokedAt === null);

  function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    if (name.trim())
      create.mutate(
        { name: name.trim(), days: Number(days) },
        {
          onSuccess: () => {
            setName('');
            setTried(false);
          },
        },
      );
  }
  return (
    <Section title="Tokens for the command line">
      {tokens.isPending && <TableSkeleton rows={2} />}
      {tokens.isError && <Unread error={tokens.error} onRetry={() => void tokens.refetch()} what="Your tokens" />}
      {tokens.data && live.length === 0 && (
        <p className="mb-3 text-soft">None yet. With one, the command line acts as you.</p>
      )}
      {live.length > 0 && (
        <ul className="mb-4 border-line border-t text-table">
          {live.map((t) => (
            <li className="flex min-h-9 flex-wrap items-center gap-x-4 border-line border-b py-1" key={t.id}>
              <span className="wrap-anywhere font-medium">{t.name}</span>
              <span className="flex-1 text-soft">
                {t.lastUsedAt ? (
                  <>
                    used <Time at={t.lastUsedAt} />
                  </>
                ) : (
                  'never used'
                )}
                , ends <Time at={t.expiresAt} />
              </span>
              <Button
                aria-label={`Revoke ${t.name}`}
                busy={revoke.isPending && revoke.variables.id === t.id}
                kind="quiet"
                onClick={() => revoke.mutate({ id: t.id })}
                size="sm"
              >
                Revoke
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Refusal error={revoke.error} />
      {create.data && (
        <div className="mb-4 flex flex-col gap-1.5" role="status">
          <p>Copy it now: it is not shown again.</p>
          <CopyLine text={create.data.token} what="the token" />
        </div>
      )}
      <form className="flex flex-wrap items-start gap-2" noValidate onSubmit={submit}>
        <Field className="min-w-40 flex-1" error={tried && !name.trim() && 'Give the token a name.'} label="Name">
          {(aria) => (
            <Input
              {...aria}
              maxLength={100}
              onChange={(e) => setName(e.target.value)}
              placeholder="laptop"
              value={name}
            />
          )}
        </Field>
        <Field label="Good for">
          {(aria) => <Select {...aria} onChange={(e) => setDays(e.target.value)} options={DAYS} value={days} />}
        </Field>
        <Button busy={create.isPending} className="mt-[26px]" type="submit">
          Make a token
        </Button>
      </form>
      <div className="mt-3">
        <Refusal error={create.error} />
      </div>
    </Section>
  );
}
