'use client';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Refusal, Unread } from '../refusal/refusal';
import { Button } from '../ui/button';
import { Section } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { Time } from '../ui/time';
import { authClient } from './auth-client';

/** "Firefox on Linux" from a user agent; what cannot be told is not guessed. */
export function deviceWords(agent: string | null | undefined): string {
  if (!agent) return 'Unknown browser';
  const browser = /Firefox\//.test(agent)
    ? 'Firefox'
    : /Edg\//.test(agent)
      ? 'Edge'
      : /Chrom(e|ium)\//.test(agent)
        ? 'Chrome'
        : /Safari\//.test(agent)
          ? 'Safari'
          : 'A browser';
  const system = /Android/.test(agent)
    ? 'Android'
    : /iPhone|iPad/.test(agent)
      ? 'iOS'
      : /Windows/.test(agent)
        ? 'Windows'
        : /Mac OS X/.test(agent)
          ? 'macOS'
          : /Linux/.test(agent)
            ? 'Linux'
            : null;
  return system ? `${browser} on ${system}` : browser;
}

/** Where one is signed in, with a way to end each. */
export function Sessions() {
  const here = useQuery({
    queryKey: ['session'],
    queryFn: async () => (await authClient.getSession()).data?.session.token ?? null,
  });
  const sessions = useQuery({
    queryKey: ['sessions'],
    queryFn: async () => {
      const { data, error } = await authClient.listSessions();
      if (error) throw new Error(error.statusText);
      return data;
    },
  });
  const end = useMutation({
    mutationFn: async (token: string) => {
      const { error } = await authClient.revokeSession({ token });
      if (error) throw new Error(error.statusText);
    },
    onSuccess: () => sessions.refetch(),
  });
  return (
    <Section title="Where you are signed in">
      {sessions.isPending && <TableSkeleton rows={2} />}
      {sessions.isError && (
        <Unread error={sessions.error} onRetry={() => void sessions.refetch()} what="Your sessions" />
      )}
      {sessions.data && (
        <ul className="border-line border-t text-table">
          {sessions.data.map((s) => (
            <li className="flex min-h-9 flex-wrap items-center gap-x-4 border-line border-b py-1" key={s.id}>
              <span className="font-medium">{deviceWords(s.userAgent)}</span>
              <span className="min-w-0 flex-1 basis-40 text-soft">
                {s.ipAddress || 'address unknown'}, signed in <Time at={new Date(s.createdAt)} />
              </span>
              {s.token === here.data ? (
                <span className="text-faint">this browser</span>
              ) : (
                <Button
                  busy={end.isPending && end.variables === s.token}
                  kind="quiet"
                  onClick={() => end.mutate(s.token)}
                  size="sm"
                >
                  Sign out
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <Refusal error={end.error} />
    </Section>
  );
}
