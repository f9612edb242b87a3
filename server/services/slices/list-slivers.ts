import type { SliverRow } from '@/protocol/api/slice';
import { findSliverRows } from '@/server/data/sliver-rows';
import type { Tx } from '@/server/db';

/** Every sliver of the slice: live, failed and leaving. */
export function listSlivers(db: Tx, sliceId: string): Promise<SliverRow[]> {
  return findSliverRows(db, sliceId);
}
