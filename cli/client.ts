import { createTRPCClient, httpBatchLink, type TRPCClient } from '@trpc/client';
import superjson from 'superjson';
import { Refused } from '@/core/errors';
import type { AppRouter } from '@/server/trpc/root';
import type { Settings } from './settings';

export type Client = TRPCClient<AppRouter>;

/** The web's API as whoever the token names. @throws Refused NOT_SIGNED_IN when there is no token */
export function connect({ url, token }: Settings): Client {
  if (!token) throw new Refused('NOT_SIGNED_IN');
  return clientWith(url, { authorization: `Bearer ${token}` });
}

/** A client with these headers. */
export function clientWith(url: string, headers: Record<string, string>): Client {
  return createTRPCClient<AppRouter>({
    links: [
      httpBatchLink({ url: `${url}/api/trpc`, transformer: superjson, headers, maxURLLength: 4000, maxItems: 10 }),
    ],
  });
}
