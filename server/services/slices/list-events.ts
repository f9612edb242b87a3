import type { z } from 'zod';
import type { SliceEvent } from '@/protocol/api/slice';
import type { Tx } from '@/server/db';

/** What happened to the slice as a whole, newest first. */
export function listEvents(_db: Tx, _sliceId: string): Promise<z.infer<typeof SliceEvent>[]> {
  throw new Error('listEvents is not built yet');
}
