import { Refused } from '@/core/errors';
import type { SliverStatements } from '@/protocol/api/statements';
import { findSliverStatements } from '@/server/data/sliver-statements';
import type { Tx } from '@/server/db';

/** What was signed about a sliver, as it was signed. @throws Refused NOT_FOUND */
export async function sliverStatements(db: Tx, sliceId: string, sliverId: string): Promise<SliverStatements> {
  const found = await findSliverStatements(db, sliceId, sliverId);
  if (!found) throw new Refused('NOT_FOUND', { kind: 'sliver', id: sliverId });
  return found;
}
