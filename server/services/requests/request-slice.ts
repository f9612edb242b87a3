import type { SliceSpec } from '@/protocol/api/slice';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function requestSlice(_db: Db, _person: Person, _spec: SliceSpec, _now: Date): Promise<{ name: string }> {
  throw new Error('requestSlice is not built yet');
}
