import type { z } from 'zod';
import type { SliverRow } from '@/protocol/api/slice';
import type { Tx } from '@/server/db';

/** Every sliver of the slice: live, failed and leaving. */
export function listSlivers(_db: Tx, _sliceId: string): Promise<z.infer<typeof SliverRow>[]> {
  throw new Error('listSlivers is not built yet');
}
