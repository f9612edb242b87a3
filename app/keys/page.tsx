import type { Metadata } from 'next';
import { KeysView } from '@/components/people/keys-view';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/server/rsc';

export const metadata: Metadata = { title: 'Keys' };

export default async function KeysPage() {
  await requireViewer('/keys');
  await getQueryClient().prefetchQuery(trpc.keys.list.queryOptions());
  return (
    <Hydrate>
      <KeysView />
    </Hydrate>
  );
}
