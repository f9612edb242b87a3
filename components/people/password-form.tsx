'use client';
import { type FormEvent, useState } from 'react';
import { Button } from '../ui/button';
import { Checkbox } from '../ui/checkbox';
import { Field } from '../ui/field';
import { Input } from '../ui/input';
import { toast } from '../ui/toast';
import { authClient } from './auth-client';

export const MIN_PASSWORD = 12;

/** Changes the password; signs out everywhere else if wanted. */
export function PasswordForm() {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const [elsewhere, setElsewhere] = useState(true);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const short = next.length < MIN_PASSWORD;
  const same = !short && next === current;

  async function submit(event: FormEvent) {
    event.preventDefault();
    setTried(true);
    setProblem(null);
    if (short || same || !current) return;
    setBusy(true);
    const { error } = await authClient
      .changePassword({ currentPassword: current, newPassword: next, revokeOtherSessions: elsewhere })
      .catch(() => ({ error: { status: 0, code: undefined } }));
    setBusy(false);
    if (!error) {
      setCurrent('');
      setNext('');
      setTried(false);
      setProblem(null);
      toast('Password changed', { description: elsewhere ? 'You are signed out everywhere else.' : undefined });
      return;
    }
    setProblem(
      error.status === 429
        ? 'You tried too often. Wait a minute and try again.'
        : error.status === 400
          ? 'The present password is not right, so nothing was changed. Check it and try again.'
          : error.status === 401
            ? 'You are not signed in any more. Sign in again; nothing was changed.'
            : 'The password could not be changed. Try again in a moment.',
    );
  }
  return (
    <form className="flex max-w-sm flex-col gap-4" noValidate onSubmit={(event) => void submit(event)}>
      <Field error={tried && !current && 'Enter your present password.'} label="Present password">
        {(aria) => (
          <Input
            {...aria}
            autoComplete="current-password"
            maxLength={128}
            onChange={(e) => setCurrent(e.target.value)}
            type="password"
            value={current}
          />
        )}
      </Field>
      <Field
        error={
          tried &&
          (short
            ? `It has ${next.length} characters; at least ${MIN_PASSWORD} are needed.`
            : same && 'This is the present one. Choose another.')
        }
        hint={`At least ${MIN_PASSWORD} characters. A sentence is easier to keep than a puzzle.`}
        label="New password"
      >
        {(aria) => (
          <Input
            {...aria}
            autoComplete="new-password"
            maxLength={128}
            onChange={(e) => setNext(e.target.value)}
            type="password"
            value={next}
          />
        )}
      </Field>
      <Checkbox checked={elsewhere} label="Sign me out everywhere else" onChange={setElsewhere} />
      {problem && (
        <p className="rounded border border-danger bg-danger-soft px-3 py-2" role="alert">
          {problem}
        </p>
      )}
      <Button busy={busy} className="self-start" type="submit">
        Change password
      </Button>
    </form>
  );
}
