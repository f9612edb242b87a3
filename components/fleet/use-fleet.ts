'use client';
import { useQuery } from '@tanstack/react-query';
import { useLiveFleet } from '../live/live-provider';
import { useTRPC } from '../trpc/client';

/** Every node, kept current by the live stream. One query for map, table and picker alike. */
export function useFleet() {
  const trpc = useTRPC();
  useLiveFleet();
  return useQuery(trpc.fleet.nodes.queryOptions(undefined, { staleTime: 60_000 }));
}
