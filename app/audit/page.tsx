import type { Metadata } from 'next';
import { Hydrate, requireViewer } from '@/app/rsc';
import { AuditView } from '@/components/audit/audit-view';

export const metadata: Metadata = { title: 'Audit' };

export default async function AuditPage() {
  const me = await requireViewer('/audit');
  return (
    <Hydrate>
      <AuditView me={me} />
    </Hydrate>
  );
}
