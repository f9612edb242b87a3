import type { z } from 'zod';
import type { RequestView } from '@/protocol/api/slice';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function listDecided(_db: Db, _person: Person, _limit: number): Promise<(z.infer<typeof RequestView> & { sliceName: string })[]> {
  throw new Error('listDecided is not built yet');
}
