import type { z } from 'zod';
import type { InviteAnswer, InviteInput } from '@/protocol/api/people';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

export function createInvite(_db: Db, _person: Person, _input: z.infer<typeof InviteInput>, _now: Date): Promise<z.infer<typeof InviteAnswer>> {
  throw new Error('createInvite is not built yet');
}
