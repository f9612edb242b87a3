import { getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { Dashboard } from '@/components/dashboard/dashboard';
import { asks, decides } from '@/components/shell/places';

export default async function HomePage() {
  const me = await requireViewer('/');
  const cache = getQueryClient();
  const sites = me.memberships.filter((m) => m.role === 'pi').map((m) => m.site.loginBase);
  await Promise.all([
    asks(me) && cache.prefetchQuery(trpc.slices.list.queryOptions({ scope: 'mine' })),
    decides(me) && cache.prefetchQuery(trpc.approvals.list.queryOptions()),
    me.person.operator && cache.prefetchQuery(trpc.fleet.nodes.queryOptions()),
    me.person.operator && cache.prefetchQuery(trpc.slices.list.queryOptions({ scope: 'all' })),
    ...sites.map((loginBase) => cache.prefetchQuery(trpc.sites.get.queryOptions({ loginBase }))),
  ]);
  return (
    <Hydrate>
      <Dashboard me={me} />
    </Hydrate>
  );
}
