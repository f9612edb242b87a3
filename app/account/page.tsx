import type { Metadata } from 'next';
import { AccountView } from '@/components/people/account-view';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/server/rsc';

export const metadata: Metadata = { title: 'Account' };

export default async function AccountPage() {
  const me = await requireViewer('/account');
  await getQueryClient().prefetchQuery(trpc.tokens.list.queryOptions());
  return (
    <Hydrate>
      <AccountView me={me} />
    </Hydrate>
  );
}
