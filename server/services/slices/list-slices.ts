import type { SliceListItem } from '@/protocol/api/slice';
import type { Tx } from '@/server/db';
import type { Person } from '@/server/services/policy';

/** Slices that `person` may see, newest first, at most 1,000. */
export function listSlices(
  _db: Tx,
  _person: Person,
  _filter: { scope: 'mine' | 'site' | 'all'; includeOver: boolean },
): Promise<SliceListItem[]> {
  throw new Error('listSlices is not built yet');
}
