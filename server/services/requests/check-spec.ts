import { z } from 'zod';
import { SliceSpec, type SpecCheck } from '@/protocol/api/slice';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

/** A SliceSpec while it is being filled in: name and reason may still be wrong or empty. */
export const SpecInProgress = SliceSpec.extend({ shortName: z.string().max(200), reason: z.string().max(4000) });
export type SpecInProgress = z.infer<typeof SpecInProgress>;

export function checkSpec(_db: Db, _person: Person, _spec: SpecInProgress): Promise<z.infer<typeof SpecCheck>> {
  throw new Error('checkSpec is not built yet');
}
