'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { MemberRole } from '@/protocol/api/common';
import { Refusal } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { CopyLine } from '../ui/copy-button';
import { Dialog } from '../ui/dialog';
import { Field } from '../ui/field';
import { Input } from '../ui/input';
import { Select } from '../ui/select';
import { Time } from '../ui/time';
import { ROLE, ROLE_MEANS } from './people';

type InviteDialogProps = {
  /** The site, or null to invite an operator of the deployment. */
  loginBase: string | null;
  open: boolean;
  onClose: () => void;
};

/** Invites somebody; the link is shown once, to be sent by whoever invites. */
export function InviteDialog({ loginBase, open, onClose }: InviteDialogProps) {
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<MemberRole>('researcher');
  const trpc = useTRPC();
  const cache = useQueryClient();
  const invite = useMutation(
    trpc.invites.create.mutationOptions({ onSuccess: () => cache.invalidateQueries(trpc.sites.get.queryFilter()) }),
  );
  const close = () => {
    invite.reset();
    setEmail('');
    onClose();
  };
  const options = MemberRole.options.map((r) => ({ value: r, label: `${ROLE[r]}: ${ROLE_MEANS[r]}` }));
  return (
    <Dialog
      description={loginBase === null ? 'An operator runs the whole deployment and sees everything in it.' : undefined}
      onOpenChange={(next) => !next && close()}
      open={open}
      title={loginBase === null ? 'Invite an operator' : 'Invite somebody'}
    >
      {invite.data ? (
        <div className="flex flex-col gap-3">
          <p>Send this link to {email}. It is shown only now.</p>
          <CopyLine text={invite.data.link} what="the link" />
          <p className="text-soft text-table">
            It works once, until <Time at={invite.data.expiresAt} />.
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
            invite.mutate({
              loginBase,
              email: email.trim(),
              role: loginBase === null ? null : role,
              operator: loginBase === null,
            });
          }}
        >
          <Field label="E-mail address">
            {(aria) => (
              <Input
                {...aria}
                maxLength={254}
                onChange={(e) => setEmail(e.target.value)}
                required
                type="email"
                value={email}
              />
            )}
          </Field>
          {loginBase !== null && (
            <Field label="Role">
              {(aria) => (
                <Select
                  {...aria}
                  onChange={(e) => setRole(MemberRole.parse(e.target.value))}
                  options={options}
                  value={role}
                />
              )}
            </Field>
          )}
          <Refusal error={invite.error} />
          <div className="flex justify-end gap-2">
            <Button kind="quiet" onClick={close}>
              Not now
            </Button>
            <Button busy={invite.isPending} kind="primary" type="submit">
              Make the link
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}
