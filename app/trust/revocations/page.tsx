import type { Metadata } from 'next';
import { requireViewer } from '@/app/rsc';
import { Empty } from '@/components/ui/empty';

export const metadata: Metadata = { title: 'Revocations' };

export default async function RevocationsPage() {
  await requireViewer('/trust/revocations');
  return (
    <Empty title="Nothing has been taken back">
      Keys, delegations and tickets that were taken back before their time are listed here, with the nodes that have
      heard of it.
    </Empty>
  );
}
