import type { Metadata } from 'next';
import { foundOr404, getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { SlicePage } from '@/components/slice/slice-page';

type Props = { params: Promise<{ name: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await params).name };
}

export default async function Slice({ params }: Props) {
  const { name } = await params;
  await requireViewer(`/slices/${name}`);
  const cache = getQueryClient();
  await foundOr404(cache.fetchQuery(trpc.slices.get.queryOptions({ name })));
  await cache.prefetchQuery(trpc.slices.slivers.queryOptions({ name }));
  return (
    <Hydrate>
      <SlicePage name={name} />
    </Hydrate>
  );
}
