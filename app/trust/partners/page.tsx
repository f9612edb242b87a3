import type { Metadata } from 'next';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { PartnersView } from '@/components/trust/partners/partners-view';

export const metadata: Metadata = { title: 'Partners' };

export default async function PartnersPage() {
  const me = await requireViewer('/trust/partners');
  await getQueryClient().prefetchQuery(trpc.partners.list.queryOptions());
  return (
    <Hydrate>
      <PartnersView operator={me.person.operator} />
    </Hydrate>
  );
}
