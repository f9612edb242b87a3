import type { z } from 'zod';
import type { AddKeyInput, KeyView } from '@/protocol/api/people';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function addKey(_db: Db, _person: Person, _input: z.infer<typeof AddKeyInput>): Promise<z.infer<typeof KeyView>> {
  throw new Error('addKey is not built yet');
}
