'use client';
import { useQueryClient } from '@tanstack/react-query';
import { usePathname } from 'next/navigation';
import { useEffect, useSyncExternalStore } from 'react';
import { useLiveStatus, useNudgeLive } from '../live/live-provider';
import { isSignedOut, onSignedOut, setSignedOut } from '../refusal/signed-out';
import { useTRPCClient } from '../trpc/client';

/**
 * Says that the session is over (signed out elsewhere, ended, or too old) and leads back. The sign-in opens in another
 * tab, so that what is typed here stays; when one comes back signed in, this page goes on by itself.
 */
export function SessionEnd({ personId }: { personId: string }) {
  const pathname = usePathname();
  const refused = useSyncExternalStore(onSignedOut, isSignedOut, () => false);
  const ended = useLiveStatus().state === 'ended' || refused;
  const client = useTRPCClient();
  const cache = useQueryClient();
  const nudge = useNudgeLive();

  // A page of the signed-in sent us to sign in without a full load: the shell of the ended session must not stay around it.
  useEffect(() => {
    if (pathname === '/sign-in') window.location.reload();
  }, [pathname]);

  useEffect(() => {
    if (!ended) return;
    const look = () => {
      if (document.visibilityState === 'hidden') return;
      client.me.get.query().then(
        ({ person }) => {
          if (person.id !== personId) return window.location.reload();
          setSignedOut(false);
          nudge();
          void cache.invalidateQueries();
        },
        () => {}, // still signed out, or no connection: asked again at the next look
      );
    };
    window.addEventListener('focus', look);
    document.addEventListener('visibilitychange', look);
    return () => {
      window.removeEventListener('focus', look);
      document.removeEventListener('visibilitychange', look);
    };
  }, [ended, client, cache, nudge, personId]);

  if (!ended) return null;
  return (
    <p
      className="sticky top-12 z-10 flex flex-wrap items-center gap-x-4 gap-y-1 border-danger border-b bg-danger-soft px-4 py-2 sm:px-6"
      role="alert"
    >
      <span className="flex-1 basis-72">
        You are signed out: your session has ended. What you see is no longer kept current, and nothing can be changed.
      </span>
      <a
        className="link font-medium"
        href={`/sign-in?next=${encodeURIComponent(pathname)}`}
        target="_blank"
        rel="noopener"
      >
        Sign in again in a new tab
      </a>
    </p>
  );
}
