'use client';
import { useEffect } from 'react';
import { Button } from '@/components/ui/button';

/** A page that broke: the rail and the top bar stay usable. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  useEffect(() => console.error(error), [error]);
  return (
    <div
      className="mx-auto flex w-full max-w-xl flex-1 flex-col items-start justify-center gap-4 px-6 py-24"
      role="alert"
    >
      <h1 className="font-semibold text-title">This page could not be shown</h1>
      <p className="text-soft">
        Something went wrong on our side, and nothing was changed. Try again; if it stays, tell an operator
        {error.digest ? (
          <>
            {' '}
            this number: <code>{error.digest}</code>.
          </>
        ) : (
          ' when it happened.'
        )}
      </p>
      <Button kind="primary" onClick={reset}>
        Try again
      </Button>
    </div>
  );
}
