'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { StepRow } from '@/protocol/api/slice';
import { Refusal } from '../refusal/refusal';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';

/** The id of a ticket that a node refused for lack of room, and of which it can prove why; null for any other reason. */
export function provenTicket(reason: StepRow['reason']): string | null {
  if (reason?.code !== 'NODE_FULL' && reason?.code !== 'EXCEEDS_PARENT') return null;
  return typeof reason.facts.ticket === 'string' ? reason.facts.ticket : null;
}

/** A refusal's proof, as a file for `meridian verify`; says whom it names. */
export function ProofFile({ slice, ticket }: { slice: string; ticket: string }) {
  const trpc = useTRPC();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: async () => {
      const proof = await client.fetchQuery(
        trpc.slices.proof.queryOptions({ name: slice, ticket }, { staleTime: 60_000 }),
      );
      saveAs(`refusal-${ticket}.json`, proof.text);
      return proof.named;
    },
  });
  return (
    <span className="mt-1 block">
      <span className="text-soft">Refused, with proof. </span>
      <Button disabled={save.isPending} onClick={() => save.mutate()} size="sm">
        Download the proof
      </Button>
      {save.data && (
        <span className="block text-soft" role="status">
          {save.data.length === 0
            ? 'It names nobody: all that was promised here might be.'
            : `It names ${save.data.join(', ')}: more was promised than given.`}{' '}
          Check it with: meridian verify refusal-{ticket}.json
        </span>
      )}
      <Refusal error={save.error} />
    </span>
  );
}

function saveAs(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
