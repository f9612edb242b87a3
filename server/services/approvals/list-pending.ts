import type { PendingRequest } from '@/protocol/api/approval';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function listPending(_db: Db, _person: Person): Promise<PendingRequest[]> {
  throw new Error('listPending is not built yet');
}
