'use client';
import { useMutation } from '@tanstack/react-query';
import { useTRPC } from '../trpc/client';
import { plural } from '../ui/format';

/** Gives slivers up; says how the slice stands after it. */
export function useShrink(onDone: (words: string, description: string) => void, name: string) {
  const trpc = useTRPC();
  return useMutation(
    trpc.changes.shrink.mutationOptions({
      onSuccess: ({ from, to, minimum }) => {
        const least = minimum.from === minimum.to ? '' : ` It is now worth having with ${minimum.to}.`;
        onDone(`${name} has ${plural(to, 'sliver')}`, `Before it had ${from}; the quota of the rest is free.${least}`);
      },
    }),
  );
}
