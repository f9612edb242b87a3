'use client';
import { useEffect } from 'react';
import './globals.css';

/** Not even the frame could be drawn: most likely the database does not answer. */
export default function GlobalError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  useEffect(() => console.error(error), [error]);
  return (
    <html lang="en">
      <body>
        <title>Meridian is not available</title>
        <main className="mx-auto flex min-h-dvh max-w-xl flex-col items-start justify-center gap-4 px-6" role="alert">
          <h1 className="font-semibold text-title">Meridian is not available right now</h1>
          <p className="text-soft">
            It could not read its data. Your slices run on without it. Try again in a moment
            {error.digest ? (
              <>
                ; if it stays, tell an operator this number: <code>{error.digest}</code>
              </>
            ) : null}
            .
          </p>
          <button className="h-9 rounded bg-accent px-4 font-medium text-accent-ink" onClick={reset} type="button">
            Try again
          </button>
        </main>
      </body>
    </html>
  );
}
