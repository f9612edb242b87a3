'use client';
import { useQueries } from '@tanstack/react-query';
import Link from 'next/link';
import type { Me } from '@/protocol/api/people';
import { QuotaLines } from '../slice/quota-lines';
import { useTRPC } from '../trpc/client';
import { Section } from '../ui/page';
import { Skeleton } from '../ui/skeleton';

/** How much of its quota each site of a PI uses. */
export function SiteQuotas({ me }: { me: Me }) {
  const trpc = useTRPC();
  const sites = me.memberships.filter((m) => m.role === 'pi').map((m) => m.site);
  const views = useQueries({ queries: sites.map((s) => trpc.sites.get.queryOptions({ loginBase: s.loginBase })) });
  return (
    <div className="grid gap-x-12 gap-y-6 md:grid-cols-2">
      {sites.map((site, i) => {
        const quota = views[i]?.data?.quota;
        return (
          <Section
            aside={
              <Link className="link" href={`/sites/${site.loginBase}`}>
                People and quota
              </Link>
            }
            key={site.id}
            title={`Quota of ${site.name}`}
          >
            {quota ? (
              <QuotaLines quota={quota} />
            ) : views[i]?.isError ? (
              <p className="text-soft">It could not be read. Reload the page.</p>
            ) : (
              <Skeleton className="h-32 w-full" />
            )}
          </Section>
        );
      })}
    </div>
  );
}
