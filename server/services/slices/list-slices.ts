import type { SliceListItem } from '@/protocol/api/slice';
import { findSliceItems } from '@/server/data/slice-rows';
import type { Tx } from '@/server/db';
import type { Person } from '@/server/services/policy';

/**
 * Slices that `person` may see, newest first, at most 1,000. `mine`: member of; `site`: also those of the sites that one is
 * PI or tech of; `all`: for operators every slice, for others the same as `site`.
 */
export function listSlices(
  db: Tx,
  person: Person,
  filter: { scope: 'mine' | 'site' | 'all'; includeOver: boolean },
): Promise<SliceListItem[]> {
  if (filter.scope === 'all' && person.operator) return findSliceItems(db, null, filter.includeOver);
  const sites = person.memberships.filter((m) => m.role !== 'researcher').map((m) => m.siteId);
  return findSliceItems(db, { memberId: person.id, siteIds: filter.scope === 'mine' ? [] : sites }, filter.includeOver);
}
