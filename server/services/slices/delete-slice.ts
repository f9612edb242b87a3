import type { SliceView } from '@/protocol/api/slice';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

/** Ends the slice: everything that is left of it on reachable nodes goes at once. Idempotent. */
export function deleteSlice(_db: Db, _person: Person, _slice: SliceFactsRow, _now: Date): Promise<SliceView> {
  throw new Error('deleteSlice is not built yet');
}
