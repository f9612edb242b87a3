import { Refused } from '@/core/errors';
import type { SiteView } from '@/protocol/api/people';
import { findQuota, sumHeld } from '@/server/data/quotas';
import { findSiteDetail } from '@/server/data/sites';
import type { Tx } from '@/server/db';
import { may, type Person } from '../policy';
import { noQuota, quotaMeter } from '../quota';

/** A site for those who may see it; open invites only for those who may invite. @throws Refused NOT_FOUND */
export async function viewSite(db: Tx, person: Person, siteId: string, now: Date): Promise<SiteView> {
  const [site, quota, used] = await Promise.all([
    findSiteDetail(db, siteId, now),
    findQuota(db, siteId),
    sumHeld(db, siteId),
  ]);
  if (!site) throw new Refused('NOT_FOUND', { kind: 'site', id: siteId });
  const { memberships, invites, _count, ...rest } = site;
  const people = may(person, 'site.people', { siteId });
  const ref = { id: site.id, loginBase: site.loginBase, name: site.name, country: site.country };
  return {
    ...rest,
    people: memberships.map(({ user, role, createdAt }) => ({ ...user, role, since: createdAt })),
    invites: people
      ? invites.map(({ invitedBy, ...invite }) => ({ ...invite, invitedBy: invitedBy?.name ?? null }))
      : [],
    // A site that was given none yet, such as an imported one, has a quota of nothing: an operator raises it.
    quota: quotaMeter(ref, quota ?? noQuota, used),
    nodes: _count.nodes,
    may: { people, quota: may(person, 'site.quota', { siteId }) },
  };
}
