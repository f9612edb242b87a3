import { Reason } from '@/protocol/api/common';
import { StepRow } from '@/protocol/api/slice';
import { findSteps } from '@/server/data/slice-detail';
import type { Tx } from '@/server/db';

/** The slice's (or one sliver's) timeline, newest first. */
export async function listSteps(
  db: Tx,
  sliceId: string,
  options: { sliverId?: string | undefined; limit: number },
): Promise<StepRow[]> {
  const rows = await findSteps(db, sliceId, options);
  return rows.map(({ id, sliver, outcome, reason, ...row }) => ({
    ...row,
    id: String(id),
    hostname: sliver?.node.hostname ?? null,
    outcome: StepRow.shape.outcome.parse(outcome),
    reason: reason === null ? null : Reason.parse(reason),
  }));
}
