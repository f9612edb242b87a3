import type { z } from 'zod';
import type { KeyView } from '@/protocol/api/people';
import type { Db } from '@/server/db';

export function listKeys(_db: Db, _userId: string): Promise<z.infer<typeof KeyView>[]> {
  throw new Error('listKeys is not built yet');
}
