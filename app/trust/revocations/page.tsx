import type { Metadata } from 'next';
import { Hydrate, requireViewer } from '@/app/rsc';
import { RevocationsView } from '@/components/trust/revocations-view';

export const metadata: Metadata = { title: 'Revocations' };

export default async function RevocationsPage() {
  await requireViewer('/trust/revocations');
  return (
    <Hydrate>
      <RevocationsView />
    </Hydrate>
  );
}
