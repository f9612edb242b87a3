'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { AgentView } from '@/protocol/api/agents';
import { Refusal } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { Button } from '../../ui/button';
import { toast } from '../../ui/toast';
import { RevokeDialog } from '../revoke-dialog';

/** What an operator does to an agent's key: another one in its place without a gap, or none, and all below it refused. */
export function AgentActs({ agent }: { agent: AgentView }) {
  const [asking, setAsking] = useState(false);
  const trpc = useTRPC();
  const cache = useQueryClient();
  const rotate = useMutation(
    trpc.revocations.rotateAgentKey.mutationOptions({
      onSuccess: () =>
        toast(`${agent.name} makes another key.`, {
          description: 'Nodes delegate to it beside the present one; then it takes its place.',
        }),
    }),
  );
  return (
    <>
      <p className="max-w-prose text-soft">
        Changed, its key makes way for another without a gap. Taken back, every ticket and delegation under it is
        refused from then on, for good.
      </p>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button busy={rotate.isPending} onClick={() => rotate.mutate({ agent: agent.name })}>
          Change its key
        </Button>
        <Button kind="danger-quiet" onClick={() => setAsking(true)}>
          Take it back…
        </Button>
      </div>
      <Refusal error={rotate.error} />
      <RevokeDialog
        onClose={() => setAsking(false)}
        onDone={() => void cache.invalidateQueries(trpc.agents.list.queryFilter())}
        target={asking ? { kind: 'agent', id: agent.id } : null}
      />
    </>
  );
}
