import type { z } from 'zod';
import type { DecideInput } from '@/protocol/api/approval';
import type { SliceState } from '@/protocol/api/common';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function decideRequest(_db: Db, _person: Person, _input: z.infer<typeof DecideInput>, _now: Date): Promise<{ name: string; state: SliceState }> {
  throw new Error('decideRequest is not built yet');
}
