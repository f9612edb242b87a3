import type { Metadata } from 'next';
import { requireViewer } from '@/app/rsc';
import { Empty } from '@/components/ui/empty';

export const metadata: Metadata = { title: 'Trust' };

export default async function TrustPage() {
  await requireViewer('/trust');
  return (
    <Empty title="No authority has been handed out yet">
      Each node manager signs over part of its resources to an agent, for a time. Those statements, and what was issued
      under them, are drawn here.
    </Empty>
  );
}
