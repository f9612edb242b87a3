import 'server-only';
import { dehydrate, HydrationBoundary } from '@tanstack/react-query';
import { TRPCError } from '@trpc/server';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { notFound, redirect } from 'next/navigation';
import { cache, type ReactNode } from 'react';
import { makeQueryClient } from '@/components/trpc/query-client';
import { Refused } from '@/core/errors';
import type { Me } from '@/protocol/api/people';
import { createContext } from '@/server/trpc/create-context';
import { appRouter } from '@/server/trpc/root';

/** This request's cache, filled by server components and handed to the browser by `Hydrate`. */
export const getQueryClient = cache(makeQueryClient);

/** The API for server components: no HTTP, the caller's own session. */
export const trpc = createTRPCOptionsProxy({
  ctx: cache(createContext),
  router: appRouter,
  queryClient: getQueryClient,
});

/** What was fetched above goes to the browser with the page, so that islands start filled. */
export function Hydrate({ children }: { children: ReactNode }) {
  return <HydrationBoundary state={dehydrate(getQueryClient())}>{children}</HydrationBoundary>;
}

function refusalCode(error: unknown): string | null {
  const cause = error instanceof Error ? error.cause : null;
  if (error instanceof Refused) return error.code;
  if (cause instanceof Refused) return cause.code;
  // An address that holds no name at all: the input's schema refused it.
  return error instanceof TRPCError && error.code === 'BAD_REQUEST' ? 'INVALID_INPUT' : null;
}

/** Who looks at the page, or null when nobody is signed in. */
export const viewer = cache(async (): Promise<Me | null> => {
  try {
    return await getQueryClient().fetchQuery(trpc.me.get.queryOptions());
  } catch (error) {
    if (refusalCode(error) === 'NOT_SIGNED_IN') return null;
    throw error;
  }
});

/** Who looks at the page; a stranger is sent to sign in first and comes back to `path`. */
export async function requireViewer(path: string): Promise<Me> {
  return (await viewer()) ?? redirect(`/sign-in?next=${encodeURIComponent(path)}`);
}

/** What the page is about; not found also where the viewer may not see it. */
export async function foundOr404<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    const code = refusalCode(error);
    if (code === 'NOT_FOUND' || code === 'NOT_ALLOWED' || code === 'INVALID_INPUT') notFound();
    throw error;
  }
}
