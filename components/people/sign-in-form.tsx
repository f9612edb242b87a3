'use client';
import { type FormEvent, useState } from 'react';
import { Button } from '../ui/button';
import { Field } from '../ui/field';
import { duration } from '../ui/format';
import { Input } from '../ui/input';
import { useNow } from '../ui/now';
import { typedIn, useReady } from '../ui/use-ready';
import { authClient } from './auth-client';

type Problem = { words: string; until?: number };

/** Says what to do about each answer of the sign-in. Which of the two is wrong is not said: it would tell who has an account. */
function problemOf(status: number, retryAfterSeconds: number | null): Problem {
  if (status === 429) return { words: 'You tried too often.', until: Date.now() + (retryAfterSeconds ?? 60) * 1000 };
  if (status === 401 || status === 400 || status === 403 || status === 422)
    return { words: 'This e-mail address and password do not belong together. Check both and try again.' };
  return {
    words: 'Meridian did not answer as it should. Nothing is wrong with what you typed; try again in a moment.',
  };
}

/** E-mail and password. What was typed stays after an error; the password field takes the focus. */
export function SignInForm({ next }: { next: string }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const ready = useReady();
  const now = useNow() ?? 0;
  const waitSeconds = problem?.until ? Math.max(0, Math.ceil((problem.until - now) / 1000)) : 0;

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const email = typedIn(event.currentTarget, 'email');
    const password = typedIn(event.currentTarget, 'password');
    if (!email.trim() || !password) {
      setProblem({ words: !email.trim() ? 'Enter your e-mail address.' : 'Enter your password.' });
      return;
    }
    setBusy(true);
    setProblem(null);
    let retryAfter: number | null = null;
    const answer = await authClient.signIn
      .email(
        { email: email.trim(), password },
        {
          onError: ({ response }) => {
            retryAfter = Number(response.headers.get('X-Retry-After') ?? response.headers.get('Retry-After')) || null;
          },
        },
      )
      .catch(() => ({ error: { status: 0 } }));
    if (!answer.error) {
      window.location.assign(next);
      return;
    }
    setBusy(false);
    setProblem(problemOf(answer.error.status, retryAfter));
  }

  return (
    <form className="flex flex-col gap-4" method="post" noValidate onSubmit={(event) => void submit(event)}>
      <Field label="E-mail address">
        {(aria) => <Input {...aria} autoComplete="username" autoFocus inputMode="email" name="email" type="email" />}
      </Field>
      <Field label="Password">
        {(aria) => <Input {...aria} autoComplete="current-password" name="password" type="password" />}
      </Field>
      {problem && (
        <p className="rounded border border-danger bg-danger-soft px-3 py-2" role="alert">
          {problem.words}
          {problem.until !== undefined &&
            (waitSeconds > 0 ? ` Wait ${duration(waitSeconds)} and try again.` : ' You can try again now.')}
        </p>
      )}
      <Button busy={busy} className="mt-1" disabled={!ready || waitSeconds > 0} kind="primary" type="submit">
        Sign in
      </Button>
    </form>
  );
}
