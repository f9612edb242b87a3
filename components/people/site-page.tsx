'use client';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useState } from 'react';
import type { Me } from '@/protocol/api/people';
import { countryName } from '../fleet/filters';
import { Unread } from '../refusal/refusal';
import { QuotaLines } from '../slice/quota-lines';
import { useTRPC } from '../trpc/client';
import { Button } from '../ui/button';
import { duration, plural } from '../ui/format';
import { Page, Section } from '../ui/page';
import { TableSkeleton } from '../ui/skeleton';
import { InviteDialog } from './invite-dialog';
import { Invites } from './invites';
import { People } from './people';
import { QuotaDialog } from './quota-dialog';

const REFRESH_MS = 30_000;

/** A site: its people and open invitations, and what its slices may hold together. */
export function SitePage({ loginBase, me }: { loginBase: string; me: Me }) {
  const [open, setOpen] = useState<'invite' | 'quota' | null>(null);
  const trpc = useTRPC();
  // People come and go by invitations that are taken up elsewhere.
  const query = useQuery(trpc.sites.get.queryOptions({ loginBase }, { refetchInterval: REFRESH_MS }));
  if (!query.data) {
    return (
      <Page title={loginBase}>
        {query.isError ? (
          <Unread error={query.error} onRetry={() => void query.refetch()} what="This site" />
        ) : (
          <TableSkeleton />
        )}
      </Page>
    );
  }
  const site = query.data;
  const invite = site.may.people && (
    <Button kind="primary" onClick={() => setOpen('invite')}>
      Invite somebody
    </Button>
  );
  return (
    <Page
      acts={invite}
      facts={
        <>
          {[site.city, site.country && countryName(site.country)].filter(Boolean).join(', ')} ·{' '}
          <Link className="link" href={`/fleet?site=${site.loginBase}`}>
            {plural(site.nodes, 'node')}
          </Link>{' '}
          · slices begin with <code>{site.loginBase}_</code>
        </>
      }
      title={site.name}
    >
      <div className="grid items-start gap-x-12 gap-y-8 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="flex min-w-0 flex-col gap-8">
          <People me={me} site={site} />
          {site.may.people && <Invites site={site} />}
        </div>
        {site.quota && (
          <Section
            aside={
              site.may.quota && (
                <Button onClick={() => setOpen('quota')} size="sm">
                  Change
                </Button>
              )
            }
            title="Quota"
          >
            {site.quota.maxTermSeconds === 0 ? (
              <p className="text-soft">
                None yet, so no slice of this site can be approved.{' '}
                {me.person.operator ? 'Set what its slices may hold together.' : 'Ask an operator to set it.'}
              </p>
            ) : (
              <>
                <p className="mb-3 text-soft text-table">What the site’s live slices may hold together.</p>
                <QuotaLines quota={site.quota} />
                <p className="mt-4 text-soft text-table">
                  Longest term of one request: {duration(site.quota.maxTermSeconds)}; of one slice with all renewals:{' '}
                  {duration(site.quota.maxTotalSeconds)}.
                </p>
              </>
            )}
          </Section>
        )}
      </div>
      <InviteDialog loginBase={site.loginBase} onClose={() => setOpen(null)} open={open === 'invite'} />
      {site.quota && (
        <QuotaDialog
          loginBase={site.loginBase}
          onClose={() => setOpen(null)}
          open={open === 'quota'}
          quota={site.quota}
        />
      )}
    </Page>
  );
}
