import type { Metadata } from 'next';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { TrustView } from '@/components/trust/trust-view';

export const metadata: Metadata = { title: 'Trust' };

export default async function TrustPage() {
  await requireViewer('/trust');
  await getQueryClient().prefetchQuery(trpc.trust.graph.queryOptions({ open: '', site: '' }));
  return (
    <Hydrate>
      <TrustView />
    </Hydrate>
  );
}
