import type { Metadata } from 'next';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { AgentsView } from '@/components/trust/agents/agents-view';

export const metadata: Metadata = { title: 'Agents' };

export default async function AgentsPage() {
  const me = await requireViewer('/trust/agents');
  await getQueryClient().prefetchQuery(trpc.agents.list.queryOptions());
  return (
    <Hydrate>
      <AgentsView me={me} />
    </Hydrate>
  );
}
