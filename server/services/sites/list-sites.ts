import type { z } from 'zod';
import type { SiteListItem } from '@/protocol/api/people';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function listSites(_db: Db, _person: Person): Promise<z.infer<typeof SiteListItem>[]> {
  throw new Error('listSites is not built yet');
}
