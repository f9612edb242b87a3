import type { z } from 'zod';
import type { QuotaInput, SiteView } from '@/protocol/api/people';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function setQuota(_db: Db, _person: Person, _siteId: string, _input: z.infer<typeof QuotaInput>, _now: Date): Promise<SiteView> {
  throw new Error('setQuota is not built yet');
}
