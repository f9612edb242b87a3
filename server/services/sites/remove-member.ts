import type { SiteView } from '@/protocol/api/people';
import type { Role } from '@/server/services/policy';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function removeMember(_db: Db, _person: Person, _siteId: string, _input: { userId: string; role: Role }, _now: Date): Promise<SiteView> {
  throw new Error('removeMember is not built yet');
}
