import { Refused } from '@/core/errors';
import type { SiteView } from '@/protocol/api/people';
import { deleteMembership, findMemberIds } from '@/server/data/people';
import { lockSite } from '@/server/data/sites';
import type { Db } from '@/server/db';
import { notify } from '@/server/notify';
import { audit } from '../audit';
import type { Person, Role } from '../policy';
import { viewSite } from './view-site';

/**
 * Takes a role at the site from a person. Their slices run on to their ends; they cannot ask for more or renew. Idempotent.
 * @throws Refused CONFLICT when a PI would leave the site without any: an operator may
 */
export function removeMember(
  db: Db,
  by: Person,
  siteId: string,
  { userId, role }: { userId: string; role: Role },
  now: Date,
): Promise<SiteView> {
  return db.$transaction(async (tx) => {
    await lockSite(tx, siteId); // two PIs who remove each other: one stays
    if ((await deleteMembership(tx, userId, siteId, role)) === 1) {
      if (role === 'pi' && !by.operator && (await findMemberIds(tx, siteId, 'pi')).length === 0) {
        throw new Refused('CONFLICT', { kind: 'site', problem: 'a site needs a PI; invite another first' });
      }
      await audit(tx, by, 'site.removeMember', { kind: 'person', id: userId, siteId }, { role }, now);
      await notify(tx, { k: 'user', id: userId });
    }
    return viewSite(tx, by, siteId, now);
  });
}
