import type { Metadata } from 'next';
import { requireViewer } from '@/app/rsc';
import { Empty } from '@/components/ui/empty';

export const metadata: Metadata = { title: 'Partners' };

export default async function PartnersPage() {
  await requireViewer('/trust/partners');
  return (
    <Empty title="No partners yet">
      A partner is another deployment that shares nodes with this one, by delegations from agent to agent.
    </Empty>
  );
}
