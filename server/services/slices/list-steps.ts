import type { z } from 'zod';
import type { StepRow } from '@/protocol/api/slice';
import type { Tx } from '@/server/db';

/** The slice's (or one sliver's) timeline, newest first. */
export function listSteps(
  _db: Tx,
  _sliceId: string,
  _options: { sliverId?: string | undefined; limit: number },
): Promise<z.infer<typeof StepRow>[]> {
  throw new Error('listSteps is not built yet');
}
