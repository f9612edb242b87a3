import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function createToken(_db: Db, _person: Person, _input: { name: string; days: number }, _now: Date): Promise<{ id: string; token: string; expiresAt: Date }> {
  throw new Error('createToken is not built yet');
}
