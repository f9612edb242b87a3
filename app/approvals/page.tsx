import type { Metadata } from 'next';
import { notFound } from 'next/navigation';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { ApprovalsView } from '@/components/approval/approvals-view';
import { decides } from '@/components/shell/places';

export const metadata: Metadata = { title: 'Approvals' };

export default async function ApprovalsPage() {
  const me = await requireViewer('/approvals');
  if (!decides(me)) notFound();
  const cache = getQueryClient();
  await Promise.all([
    ...(me.person.operator ? [cache.prefetchQuery(trpc.principalKeys.toDecide.queryOptions())] : []),
    cache.prefetchQuery(trpc.approvals.list.queryOptions()),
    cache.prefetchQuery(trpc.approvals.decided.queryOptions({ limit: 50 })),
  ]);
  return (
    <Hydrate>
      <ApprovalsView operator={me.person.operator} />
    </Hydrate>
  );
}
