import type { z } from 'zod';
import type { SiteListItem } from '@/protocol/api/people';
import { findSites } from '@/server/data/sites';
import type { Tx } from '@/server/db';
import type { Person } from '../policy';

/** The sites whose page the person may open, by name: one's own, or all for an operator. */
export function listSites(db: Tx, person: Person): Promise<z.infer<typeof SiteListItem>[]> {
  return findSites(db, person.operator ? null : person.memberships.map((m) => m.siteId));
}
