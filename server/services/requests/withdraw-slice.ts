import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function withdrawSlice(_db: Db, _person: Person, _sliceId: string, _now: Date): Promise<void> {
  throw new Error('withdrawSlice is not built yet');
}
