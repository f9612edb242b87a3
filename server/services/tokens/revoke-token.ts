import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function revokeToken(_db: Db, _person: Person, _id: string, _now: Date): Promise<{ id: string }> {
  throw new Error('revokeToken is not built yet');
}
