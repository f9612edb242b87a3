import type { z } from 'zod';
import type { ExecAnswer, ExecRequest } from '@/protocol/api/slice';
import type { SliceFactsRow } from '@/server/data/slice-facts';
import type { Db } from '@/server/db';
import type { Person } from '@/server/services/policy';

/** Runs a command in the slice's sliver on one node. */
export function execInSliver(
  _db: Db,
  _person: Person,
  _slice: SliceFactsRow,
  _input: z.infer<typeof ExecRequest>,
  _now: Date,
): Promise<z.infer<typeof ExecAnswer>> {
  throw new Error('execInSliver is not built yet');
}
