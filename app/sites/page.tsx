import type { Metadata } from 'next';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { SitesView } from '@/components/people/sites-view';

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
