import type { Me } from '@/protocol/api/people';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function getMe(_db: Db, _person: Person, _now: Date): Promise<Me> {
  throw new Error('getMe is not built yet');
}
