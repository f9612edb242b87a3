import type { ReactNode } from 'react';
import { TrustTabs } from '@/components/trust/trust-tabs';
import { Page } from '@/components/ui/page';

export default function TrustLayout({ children }: { children: ReactNode }) {
  return (
    <Page
      facts="Who may hand out which nodes, how much of them, until when; and who gave them that authority."
      title="Trust"
    >
      <TrustTabs />
      {children}
    </Page>
  );
}
