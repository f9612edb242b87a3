import type { SliceView } from '@/protocol/api/slice';
import type { Tx } from '@/server/db';
import type { Person } from '@/server/services/policy';

/** The slice with all that its page shows, and what `person` may do there. */
export function viewSlice(_db: Tx, _person: Person, _sliceId: string): Promise<SliceView> {
  throw new Error('viewSlice is not built yet');
}
