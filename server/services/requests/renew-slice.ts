import type { z } from 'zod';
import type { RenewInput } from '@/protocol/api/slice';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function renewSlice(_db: Db, _person: Person, _sliceId: string, _input: z.infer<typeof RenewInput>, _now: Date): Promise<void> {
  throw new Error('renewSlice is not built yet');
}
