'use client';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Me } from '@/protocol/api/people';
import { LiveMark } from '../live/live-mark';
import { LiveProvider, useLiveTopic } from '../live/live-provider';
import { useTRPC } from '../trpc/client';
import { NeedsMe } from './needs-me';
import { Path } from './path';
import { Rail } from './rail';
import { Search } from './search';
import { SessionEnd } from './session-end';
import type { Theme } from './theme';
import { UserMenu } from './user-menu';

type ShellProps = { me: Me; theme: Theme; children: ReactNode };

/** Rail, top bar and the page for somebody who is signed in; the live stream runs as long as it stands. */
export function Shell({ me, theme, children }: ShellProps) {
  return (
    <LiveProvider personId={me.person.id}>
      <Frame me={me} theme={theme}>
        {children}
      </Frame>
    </LiveProvider>
  );
}

function Frame({ me: initial, theme, children }: ShellProps) {
  const trpc = useTRPC();
  const { data: me } = useQuery(trpc.me.get.queryOptions(undefined, { initialData: initial }));
  useLiveTopic('me');
  return (
    <div className="flex min-h-dvh max-sm:pb-16">
      <a
        className="fixed top-2 left-2 z-50 -translate-y-20 rounded border border-line bg-raised px-3 py-2 font-medium shadow-float focus:translate-y-0"
        href="#content"
      >
        Skip to content
      </a>
      <Rail me={me} />
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="sticky top-0 z-20 flex h-12 items-center gap-2 border-line border-b bg-paper px-4 sm:gap-3 sm:px-6">
          <div className="flex min-w-0 flex-1 items-center">
            <Path />
          </div>
          <LiveMark />
          <Search me={me} />
          <NeedsMe me={me} />
          <UserMenu me={me} theme={theme} />
        </header>
        <SessionEnd personId={me.person.id} />
        <main className="flex min-w-0 flex-1 flex-col outline-none" id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
    </div>
  );
}
