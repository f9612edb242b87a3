'use client';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Unread } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { Button } from '../../ui/button';
import { Empty } from '../../ui/empty';
import { Section } from '../../ui/page';
import { TableSkeleton } from '../../ui/skeleton';
import { InvitePartner } from './invite-partner';
import { JoinPartner } from './join-partner';
import { PartnerPanel } from './partner-panel';

/** How often it looks again, in ms: joining takes seconds, and slivers of partners come and go. */
const AGAIN_MS = 2_000;

/** Other deployments that share nodes with this one: who they are, what each has of us and we of it. */
export function PartnersView({ operator }: { operator: boolean }) {
  const [asked, setAsked] = useState<'invite' | 'join' | null>(null);
  const trpc = useTRPC();
  const list = useQuery(trpc.partners.list.queryOptions(undefined, { refetchInterval: AGAIN_MS }));
  const partners = list.data?.partners ?? [];
  const acts = operator && (
    <div className="flex flex-wrap gap-2">
      <Button onClick={() => setAsked('join')}>Join with a token</Button>
      <Button kind={partners.length === 0 ? 'primary' : 'secondary'} onClick={() => setAsked('invite')}>
        Invite a partner
      </Button>
    </div>
  );
  return (
    <>
      {list.isPending && <TableSkeleton />}
      {list.isError && (
        <Unread busy={list.isFetching} error={list.error} onRetry={() => void list.refetch()} what="The partners" />
      )}
      {list.data && partners.length === 0 && (
        <Empty act={acts} title="No partners yet">
          A partner is another deployment that shares nodes with this one, by delegations from agent to agent. Each
          keeps its own people, slices and rules. This one is called <code>{list.data.authority}</code>.
        </Empty>
      )}
      {list.data && partners.length > 0 && (
        <Section
          aside={acts}
          title={
            <>
              Partners of <code>{list.data.authority}</code>
            </>
          }
        >
          <div className="flex flex-col gap-3">
            {partners.map((partner) => (
              <PartnerPanel key={partner.id} operator={operator} partner={partner} />
            ))}
          </div>
        </Section>
      )}
      {operator && <InvitePartner onClose={() => setAsked(null)} open={asked === 'invite'} />}
      {operator && (
        <JoinPartner authority={list.data?.authority ?? ''} onClose={() => setAsked(null)} open={asked === 'join'} />
      )}
    </>
  );
}
