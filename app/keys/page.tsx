import type { Metadata } from 'next';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { KeysView } from '@/components/people/keys-view';

export const metadata: Metadata = { title: 'Keys' };

export default async function KeysPage() {
  await requireViewer('/keys');
  const cache = getQueryClient();
  await Promise.all([
    cache.prefetchQuery(trpc.keys.list.queryOptions()),
    cache.prefetchQuery(trpc.principalKeys.list.queryOptions()),
  ]);
  return (
    <Hydrate>
      <KeysView />
    </Hydrate>
  );
}
