import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function removeKey(_db: Db, _person: Person, _id: string): Promise<{ id: string }> {
  throw new Error('removeKey is not built yet');
}
