import { QueryClient } from '@tanstack/react-query';
import { createTRPCClient, type TRPCLink } from '@trpc/client';
import { observable } from '@trpc/server/observable';
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query';
import { expect, test } from 'vitest';
import type { FleetNode } from '@/protocol/api/fleet';
import type { AppRouter } from '@/server/trpc/root';
import { applyEvent } from './apply-event';

/** An API whose answers come when the test gives them. */
function slowApi() {
  const cache = new QueryClient();
  const answers: ((data: unknown) => void)[] = [];
  const link: TRPCLink<AppRouter> = () => () =>
    observable((observer) => {
      answers.push((data) => {
        observer.next({ result: { data } });
        observer.complete();
      });
    });
  const trpc = createTRPCOptionsProxy<AppRouter>({
    client: createTRPCClient<AppRouter>({ links: [link] }),
    queryClient: cache,
  });
  return { cache, trpc, answer: (data: unknown) => answers.shift()?.(data) };
}

// Only what merging looks at.
const node = (id: string, slivers: number) => ({ id, slivers }) as FleetNode;

test('an answer that was read before an event does not replace what the event said', async () => {
  const { cache, trpc, answer } = slowApi();
  const key = trpc.fleet.nodes.queryKey();
  cache.setQueryData(key, [node('a', 1), node('b', 1)]);
  const fetched = cache.fetchQuery({ ...trpc.fleet.nodes.queryOptions(), staleTime: 0 }).catch(() => null);
  applyEvent(cache, trpc, { t: 'fleet', snapshot: false, nodes: [node('a', 0)] });
  answer([node('a', 1), node('b', 1)]);
  await fetched;
  expect(cache.getQueryData(key)).toEqual([node('a', 0), node('b', 1)]);
  expect(cache.isFetching()).toBe(0);
});

test('a change alone is no answer: the first fetch goes on', async () => {
  const { cache, trpc, answer } = slowApi();
  const fetched = cache.fetchQuery(trpc.fleet.nodes.queryOptions());
  applyEvent(cache, trpc, { t: 'fleet', snapshot: false, nodes: [node('a', 0)] });
  answer([node('a', 0), node('b', 1)]);
  expect(await fetched).toHaveLength(2);
});
