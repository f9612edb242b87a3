import type { Metadata } from 'next';
import { SitesView } from '@/components/people/sites-view';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/server/rsc';

export const metadata: Metadata = { title: 'Sites' };

export default async function SitesPage() {
  const me = await requireViewer('/sites');
  await getQueryClient().prefetchQuery(trpc.sites.list.queryOptions());
  return (
    <Hydrate>
      <SitesView operator={me.person.operator} />
    </Hydrate>
  );
}
