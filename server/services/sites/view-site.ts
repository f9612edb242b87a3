import type { SiteView } from '@/protocol/api/people';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function viewSite(_db: Db, _person: Person, _siteId: string, _now: Date): Promise<SiteView> {
  throw new Error('viewSite is not built yet');
}
