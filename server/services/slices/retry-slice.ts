import type { SliceView } from '@/protocol/api/slice';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

/** Plans a failed or degraded slice again. */
export function retrySlice(_db: Db, _person: Person, _slice: SliceFactsRow, _now: Date): Promise<SliceView> {
  throw new Error('retrySlice is not built yet');
}
