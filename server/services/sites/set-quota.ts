import type { z } from 'zod';
import { DEFAULT_TOTAL_SECONDS, raises } from '@/core/quota/quota';
import type { QuotaInput, SiteView } from '@/protocol/api/people';
import { lockQuota, upsertQuota } from '@/server/data/quotas';
import type { Db } from '@/server/db';
import { audit } from '../audit';
import { demand, type Person } from '../policy';
import { noQuota } from '../quota';
import { viewSite } from './view-site';

/**
 * Sets what the site may hold. Operators set anything; a PI may only lower, also the longest term and the longest in all. Slices that run stay;
 * a quota below what they hold refuses new ones and renewals.
 * @throws Refused NOT_ALLOWED {permission: 'site.quota.raise'}
 */
export function setQuota(
  db: Db,
  by: Person,
  siteId: string,
  { loginBase, ...asked }: z.infer<typeof QuotaInput>,
  now: Date,
): Promise<SiteView> {
  return db.$transaction(async (tx) => {
    const before = (await lockQuota(tx, siteId)) ?? noQuota;
    const next = {
      ...asked,
      maxTotalSeconds: asked.maxTotalSeconds ?? (before.maxTotalSeconds || DEFAULT_TOTAL_SECONDS),
    };
    const longer = next.maxTermSeconds > before.maxTermSeconds || next.maxTotalSeconds > before.maxTotalSeconds;
    if (raises(before, next) || longer) demand(by, 'site.quota.raise', { siteId });
    await upsertQuota(tx, siteId, next);
    const facts = {
      ...next,
      ...Object.fromEntries(Object.entries(before).map(([name, amount]) => [`${name}Before`, amount])),
    };
    await audit(tx, by, 'site.quota', { kind: 'site', id: loginBase, siteId }, facts, now);
    return viewSite(tx, by, siteId, now);
  });
}
