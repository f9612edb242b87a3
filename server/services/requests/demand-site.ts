import { Refused } from '@/core/errors';
import { findSiteRef } from '@/server/data/sites';
import type { Tx } from '@/server/db';
import { demand, may, type Person } from '../policy';

/** The site, for a person who may ask for slices there. @throws Refused NOT_FOUND, NOT_ALLOWED */
export async function demandSite(db: Tx, person: Person, loginBase: string) {
  const site = await findSiteRef(db, { loginBase });
  if (!site) throw new Refused('NOT_FOUND', { kind: 'site', id: loginBase });
  const facts = { siteId: site.id };
  demand(person, 'request.create', facts, { kind: 'site', id: loginBase, visible: may(person, 'site.read', facts) });
  return site;
}
