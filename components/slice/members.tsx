'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { SliceView } from '@/protocol/api/slice';
import { Refusal } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { Input } from '../ui/input';

/** Who has the slice: each may use, renew and delete it. The owner stays. */
export function Members({ slice }: { slice: SliceView }) {
  const [email, setEmail] = useState('');
  const trpc = useTRPC();
  const cache = useQueryClient();
  const keep = (view: SliceView) => cache.setQueryData(trpc.slices.get.queryKey({ name: slice.name }), view);
  const add = useMutation(
    trpc.slices.addMember.mutationOptions({
      onSuccess: (view) => {
        keep(view);
        setEmail('');
      },
    }),
  );
  const remove = useMutation(trpc.slices.removeMember.mutationOptions({ onSuccess: keep }));
  return (
    <div className="flex max-w-2xl flex-col gap-4">
      <ul className="border-line border-t">
        {slice.members.map((m) => (
          <li className="flex min-h-9 flex-wrap items-center gap-x-4 border-line border-b py-1 text-table" key={m.id}>
            <span className="font-medium">{m.name}</span>
            <span className="flex-1 text-soft">{m.email}</span>
            {m.id === slice.owner.id ? (
              <span className="text-faint">owner</span>
            ) : (
              slice.may.members && (
                <Button
                  aria-label={`Remove ${m.name}`}
                  busy={remove.isPending && remove.variables.email === m.email}
                  kind="quiet"
                  onClick={() => remove.mutate({ name: slice.name, email: m.email })}
                  size="sm"
                >
                  Remove
                </Button>
              )
            )}
          </li>
        ))}
      </ul>
      <Refusal error={remove.error} />
      {slice.may.members && (
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            add.mutate({ name: slice.name, email: email.trim() });
          }}
        >
          <Field
            hint="Somebody with an account. They may use, renew and delete the slice; their keys go to its slivers."
            label="Add a member"
          >
            {(aria) => (
              <span className="flex gap-2">
                <Input
                  {...aria}
                  maxLength={254}
                  onChange={(e) => setEmail(e.target.value)}
                  placeholder="E-mail address"
                  required
                  type="email"
                  value={email}
                />
                <Button busy={add.isPending} type="submit">
                  Add
                </Button>
              </span>
            )}
          </Field>
          <Refusal error={add.error} />
        </form>
      )}
    </div>
  );
}
