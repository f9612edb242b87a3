import type { Metadata } from 'next';
import { getQueryClient, Hydrate, requireViewer, trpc } from '@/app/rsc';
import { AccountView } from '@/components/people/account-view';

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
