import type { Metadata } from 'next';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { SlicesView } from '@/components/slice/slices-view';

export const metadata: Metadata = { title: 'Slices' };

export default async function SlicesPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const me = await requireViewer('/slices');
  const { scope, over } = await searchParams;
  const input = { scope: scope === 'site' || scope === 'all' ? scope : 'mine', includeOver: over === 'yes' } as const;
  await getQueryClient().prefetchQuery(trpc.slices.list.queryOptions(input));
  return (
    <Hydrate>
      <SlicesView me={me} />
    </Hydrate>
  );
}
