import type { QueryClient } from '@tanstack/react-query';
import type { LiveEvent } from '@/protocol/api/live';
import type { useTRPC } from '../trpc/client';
import { mergeRows } from './held';

type Api = ReturnType<typeof useTRPC>;

/** Queries that only need to be right within a moment are fetched again at most this often. */
const CALM_MS = 1500;
const calming = new Map<string, ReturnType<typeof setTimeout>>();

/** At once when the last was long ago, else once at the end of the calm; a burst of 1,000 changes is two fetches. */
function calmly(key: string, act: () => void) {
  if (calming.has(key)) return;
  calming.set(
    key,
    setTimeout(() => {
      calming.delete(key);
      act();
    }, CALM_MS),
  );
}

/**
 * What is still being fetched was asked for before this event, and may have been read before it: it must not replace what
 * the event says. Where nothing is held yet a change is no answer, and the fetch goes on.
 */
function overtake(cache: QueryClient, queryKey: readonly unknown[], snapshot: boolean): void {
  if (snapshot || cache.getQueryData(queryKey) !== undefined) void cache.cancelQueries({ queryKey, exact: true });
}

/** Writes an event into the query cache, or marks what it concerns to be fetched again. */
export function applyEvent(cache: QueryClient, trpc: Api, event: LiveEvent): void {
  const again = (filter: { queryKey: readonly unknown[] }) => void cache.invalidateQueries(filter);
  if (event.t === 'slice') {
    const { name } = event;
    const view = trpc.slices.get.queryKey({ name });
    const slivers = trpc.slices.slivers.queryKey({ name });
    overtake(cache, view, true);
    overtake(cache, slivers, event.snapshot);
    cache.setQueryData(view, event.view);
    cache.setQueryData(slivers, (rows) =>
      event.snapshot ? event.slivers : rows ? mergeRows(rows, event.slivers) : rows,
    );
    calmly(`slice:${name}`, () => {
      again(trpc.slices.steps.pathFilter());
      again(trpc.slices.events.queryFilter({ name }));
      again(trpc.slices.list.pathFilter());
    });
  }
  if (event.t === 'fleet') {
    overtake(cache, trpc.fleet.nodes.queryKey(), event.snapshot);
    cache.setQueryData(trpc.fleet.nodes.queryKey(), (nodes) =>
      event.snapshot ? event.nodes : nodes ? mergeRows(nodes, event.nodes) : nodes,
    );
  }
  if (event.t === 'changed') {
    if (event.topic === 'me') {
      again(trpc.me.pathFilter());
      calmly('me', () => again(trpc.slices.list.pathFilter()));
    }
    if (event.topic === 'approvals') {
      again(trpc.approvals.pathFilter());
      again(trpc.me.get.queryFilter());
    }
    // A fleet that renews its delegations says so a thousand times.
    if (event.topic === 'trust') {
      calmly('trust', () => again(trpc.trust.pathFilter()));
      calmly('revocations', () => again(trpc.revocations.list.queryFilter()));
    }
    if (event.topic.startsWith('node:')) again(trpc.fleet.node.queryFilter({ id: event.topic.slice(5) }));
    if (event.topic.startsWith('slice:')) again(trpc.slices.get.queryFilter({ name: event.topic.slice(6) }));
  }
}
