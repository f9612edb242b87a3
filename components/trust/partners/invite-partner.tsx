'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Refusal } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { Button } from '../../ui/button';
import { CopyLine } from '../../ui/copy-button';
import { Dialog } from '../../ui/dialog';
import { Field } from '../../ui/field';
import { Input } from '../../ui/input';
import { Time } from '../../ui/time';

/** Invites another deployment; its one-time token is shown once, to be sent to its operator. */
export function InvitePartner({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [authority, setAuthority] = useState('');
  const [name, setName] = useState('');
  const trpc = useTRPC();
  const cache = useQueryClient();
  const invite = useMutation(
    trpc.partners.invite.mutationOptions({
      onSuccess: () => cache.invalidateQueries(trpc.partners.list.queryFilter()),
    }),
  );
  const close = () => {
    invite.reset();
    setAuthority('');
    setName('');
    onClose();
  };
  return (
    <Dialog
      description={
        invite.data
          ? undefined
          : 'It can use nothing until you give it nodes, and it learns nothing of your people or slices.'
      }
      onOpenChange={(next) => !next && close()}
      open={open}
      title={invite.data ? `Send this token to ${name}` : 'Invite a partner'}
    >
      {invite.data ? (
        <div className="flex flex-col gap-3">
          <p>Its operator pastes it under Trust, Partners, “Join with a token”. It is shown only now.</p>
          <CopyLine text={invite.data.token} what="the token" />
          <p className="text-soft text-table">
            It works once, for <span className="font-mono">{authority.trim()}</span>, until{' '}
            <Time at={invite.data.expiresAt} />.
          </p>
          <Button className="self-end" kind="primary" onClick={close}>
            Done
          </Button>
        </div>
      ) : (
        <form
          className="flex flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            invite.mutate({ authority: authority.trim(), name: name.trim() });
          }}
        >
          <Field
            hint="As its operator told you: its MERIDIAN_AUTHORITY, like b.example."
            label="What the deployment is called"
          >
            {(aria) => (
              <Input
                {...aria}
                autoComplete="off"
                maxLength={64}
                onChange={(e) => setAuthority(e.target.value)}
                required
                spellCheck={false}
                value={authority}
              />
            )}
          </Field>
          <Field hint="For people here, like “University of Oslo”." label="Name">
            {(aria) => (
              <Input {...aria} maxLength={100} onChange={(e) => setName(e.target.value)} required value={name} />
            )}
          </Field>
          <Refusal error={invite.error} />
          <div className="flex justify-end gap-2">
            <Button kind="quiet" onClick={close}>
              Cancel
            </Button>
            <Button busy={invite.isPending} kind="primary" type="submit">
              Invite
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
