import type { Metadata } from 'next';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { FleetView } from '@/components/fleet/fleet-view';

export const metadata: Metadata = { title: 'Fleet' };

export default async function FleetPage() {
  const me = await requireViewer('/fleet');
  await getQueryClient().prefetchQuery(trpc.fleet.nodes.queryOptions());
  return (
    <Hydrate>
      <FleetView operator={me.person.operator} />
    </Hydrate>
  );
}
