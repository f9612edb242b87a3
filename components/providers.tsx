'use client';
import { Tooltip } from 'radix-ui';
import type { ReactNode } from 'react';
import { ApiProvider } from './trpc/client';
import { Toaster } from './ui/toast';

/** What every page needs around it. */
export function Providers({ children }: { children: ReactNode }) {
  return (
    <ApiProvider>
      <Tooltip.Provider delayDuration={250} skipDelayDuration={100}>
        {children}
        <Toaster />
      </Tooltip.Provider>
    </ApiProvider>
  );
}
