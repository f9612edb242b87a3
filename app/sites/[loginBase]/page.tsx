import type { Metadata } from 'next';
import { foundOr404, getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { SitePage } from '@/components/people/site-page';

type Props = { params: Promise<{ loginBase: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await params).loginBase };
}

export default async function Site({ params }: Props) {
  const { loginBase } = await params;
  const me = await requireViewer(`/sites/${loginBase}`);
  await foundOr404(getQueryClient().fetchQuery(trpc.sites.get.queryOptions({ loginBase })));
  return (
    <Hydrate>
      <SitePage loginBase={loginBase} me={me} />
    </Hydrate>
  );
}
