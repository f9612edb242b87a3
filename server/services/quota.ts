import type { z } from 'zod';
import { NO_QUOTA, QUOTA_MEASURES, type QuotaAmounts } from '@/core/quota/quota';
import type { QuotaMeter } from '@/protocol/api/slice';
import type { QuotaRow } from '@/server/data/quotas';

type SiteRef = { id: string; loginBase: string; name: string; country: string | null };

/** A quota with what is used and what is wanted of it, as pages show it. */
export function quotaMeter(
  site: SiteRef,
  quota: QuotaRow,
  used: QuotaAmounts,
  wants: QuotaAmounts = NO_QUOTA,
): z.infer<typeof QuotaMeter> {
  return {
    site,
    maxTermSeconds: quota.maxTermSeconds,
    maxTotalSeconds: quota.maxTotalSeconds,
    lines: QUOTA_MEASURES.map((measure) => ({
      measure,
      used: used[measure],
      wants: wants[measure],
      limit: quota[measure],
    })),
  };
}

/** The meter of a site that was given nothing. */
export const noQuota: QuotaRow = { ...NO_QUOTA, maxTermSeconds: 0, maxTotalSeconds: 0 };
