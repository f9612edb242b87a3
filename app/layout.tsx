import { GeistMono } from 'geist/font/mono';
import { GeistSans } from 'geist/font/sans';
import type { Metadata, Viewport } from 'next';
import { cookies } from 'next/headers';
import type { ReactNode } from 'react';
import { viewer } from '@/app/rsc';
import { Providers } from '@/components/providers';
import { Shell } from '@/components/shell/shell';
import { THEME_COOKIE, toTheme } from '@/components/shell/theme';
import './globals.css';

export const metadata: Metadata = {
  title: { default: 'Meridian', template: '%s · Meridian' },
  description: 'Share machines all over the planet: slices of virtual machines on many nodes at many sites.',
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1, viewportFit: 'cover' };

/** The theme is written by the server, so that nothing flashes; the shell stands only for somebody who is signed in. */
export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = toTheme((await cookies()).get(THEME_COOKIE)?.value);
  const me = await viewer();
  return (
    <html
      className={`${GeistSans.variable} ${GeistMono.variable}`}
      data-theme={theme === 'system' ? undefined : theme}
      lang="en"
    >
      <body>
        <Providers>
          {me ? (
            <Shell key={me.person.id} me={me} theme={theme}>
              {children}
            </Shell>
          ) : (
            children
          )}
        </Providers>
      </body>
    </html>
  );
}
