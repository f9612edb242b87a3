'use client';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { InvitePreview } from '@/protocol/api/people';
import { Refusal } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { Input } from '../ui/input';
import { typedIn, useReady } from '../ui/use-ready';
import { authClient, signOut } from './auth-client';
import { MIN_PASSWORD } from './password-form';
import { ROLE, ROLE_MEANS } from './people';

type AcceptInviteProps = { invite: InvitePreview; token: string; signedInAs: string | null };

/** Takes up an invitation: with a new account, or with the one that is signed in. */
export function AcceptInvite({ invite, token, signedInAs }: AcceptInviteProps) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const ready = useReady();
  const trpc = useTRPC();
  const accept = useMutation(trpc.invites.accept.mutationOptions());
  const isMe = signedInAs?.toLowerCase() === invite.email.toLowerCase();
  const role = invite.operator
    ? 'operator of this deployment'
    : `${invite.role ? ROLE[invite.role] : 'member'} of ${invite.site?.name ?? 'a site'}`;

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const name = typedIn(event.currentTarget, 'name');
    const password = typedIn(event.currentTarget, 'password');
    setName(name);
    setPassword(password);
    setTried(true);
    if (!invite.existingAccount && (name.trim() === '' || password.length < MIN_PASSWORD)) return;
    await accept.mutateAsync(invite.existingAccount ? { token } : { token, name: name.trim(), password });
    if (!invite.existingAccount) await authClient.signIn.email({ email: invite.email, password });
    window.location.assign('/');
  }
  const onSubmit = (event: FormEvent<HTMLFormElement>) => void submit(event).catch(() => {}); // shown from accept.error

  return (
    <>
      <h1 className="font-semibold text-title">You are invited to Meridian</h1>
      <p className="mt-1 mb-6 text-soft">
        As {role}, with the address <b className="font-medium text-ink">{invite.email}</b>.
        {invite.role && ` A ${ROLE[invite.role]} ${ROLE_MEANS[invite.role]}.`}
      </p>
      {signedInAs && !isMe ? (
        <div className="flex flex-col items-start gap-4">
          <p className="rounded border border-line bg-raised px-4 py-3">
            You are signed in as {signedInAs}, but the invitation is for {invite.email}. If that is you, sign out here
            and go on with this invitation.
          </p>
          <Button kind="primary" onClick={() => void signOut(`/invite/${token}`)}>
            Sign out and go on
          </Button>
        </div>
      ) : invite.existingAccount && !isMe ? (
        <div className="flex flex-col items-start gap-4">
          <p>There is an account with this address. Sign in with it to accept.</p>
          <Button asChild kind="primary">
            <a href={`/sign-in?next=${encodeURIComponent(`/invite/${token}`)}`}>Sign in</a>
          </Button>
        </div>
      ) : (
        <form className="flex flex-col gap-4" method="post" noValidate onSubmit={onSubmit}>
          {!invite.existingAccount && (
            <>
              <Field error={tried && name.trim() === '' && 'Enter your name.'} label="Your name">
                {(aria) => (
                  <Input
                    {...aria}
                    autoComplete="name"
                    maxLength={100}
                    name="name"
                    onChange={(e) => setName(e.target.value)}
                  />
                )}
              </Field>
              <input autoComplete="username" hidden readOnly value={invite.email} />
              <Field
                error={
                  tried &&
                  password.length < MIN_PASSWORD &&
                  `It has ${password.length} characters; at least ${MIN_PASSWORD} are needed.`
                }
                hint={`At least ${MIN_PASSWORD} characters. A sentence is easier to keep than a puzzle.`}
                label="Password"
              >
                {(aria) => (
                  <Input
                    {...aria}
                    autoComplete="new-password"
                    maxLength={128}
                    name="password"
                    onChange={(e) => setPassword(e.target.value)}
                    type="password"
                  />
                )}
              </Field>
            </>
          )}
          <Refusal error={accept.error} />
          <Button busy={accept.isPending || accept.isSuccess} disabled={!ready} kind="primary" type="submit">
            Accept
          </Button>
        </form>
      )}
    </>
  );
}
