import type { Metadata } from 'next';
import { foundOr404, getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { NodePage } from '@/components/fleet/node/node-page';

export const metadata: Metadata = { title: 'Node' };

type Props = { params: Promise<{ id: string }> };

export default async function Node({ params }: Props) {
  const { id } = await params;
  await requireViewer(`/nodes/${id}`);
  await foundOr404(getQueryClient().fetchQuery(trpc.fleet.node.queryOptions({ id })));
  return (
    <Hydrate>
      <NodePage id={id} />
    </Hydrate>
  );
}
