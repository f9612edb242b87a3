'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Refusal } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { Input } from '../../ui/input';

/** Takes up another deployment's invitation. The agent does the joining; the list says how it goes. */
export function JoinPartner({ authority, open, onClose }: { authority: string; open: boolean; onClose: () => void }) {
  const [token, setToken] = useState('');
  const [name, setName] = useState('');
  const trpc = useTRPC();
  const cache = useQueryClient();
  const close = () => {
    join.reset();
    setToken('');
    setName('');
    onClose();
  };
  const join = useMutation(
    trpc.partners.join.mutationOptions({
      onSuccess: async () => {
        await cache.invalidateQueries(trpc.partners.list.queryFilter());
        close();
      },
    }),
  );
  return (
    <Dialog
      description={`Its operator has to make the token out to this deployment, which is called ${authority}.`}
      onOpenChange={(next) => !next && close()}
      open={open}
      title="Join a partner with a token"
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          join.mutate({ token, ...(name.trim() && { name: name.trim() }) });
        }}
      >
        <Field hint="It begins with mrp1." label="Token">
          {(aria) => (
            <Input
              {...aria}
              autoComplete="off"
              className="font-mono"
              maxLength={2048}
              onChange={(e) => setToken(e.target.value)}
              required
              spellCheck={false}
              value={token}
            />
          )}
        </Field>
        <Field hint="For people here. Without one it is called as it calls itself." label="Name" optional>
          {(aria) => <Input {...aria} maxLength={100} onChange={(e) => setName(e.target.value)} value={name} />}
        </Field>
        <Refusal error={join.error} />
        <div className="flex justify-end gap-2">
          <Button kind="quiet" onClick={close}>
            Cancel
          </Button>
          <Button busy={join.isPending} kind="primary" type="submit">
            Join
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
