import type { Metadata } from 'next';
import { requireViewer } from '@/app/rsc';
import { Empty } from '@/components/ui/empty';

export const metadata: Metadata = { title: 'Agents' };

export default async function AgentsPage() {
  await requireViewer('/trust/agents');
  return (
    <Empty title="Nothing to show about agents yet">
      An agent holds the authority that nodes delegated to it and issues tickets from it, by a policy of its own.
    </Empty>
  );
}
