import { z } from 'zod';
import type { SliceEvent } from '@/protocol/api/slice';
import { findSliceEvents } from '@/server/data/slice-detail';
import type { Tx } from '@/server/db';

const Facts = z.record(z.string(), z.unknown()).catch({});

/** What happened to the slice as a whole, newest first, at most 500. */
export async function listEvents(db: Tx, sliceId: string): Promise<z.infer<typeof SliceEvent>[]> {
  const rows = await findSliceEvents(db, sliceId);
  return rows.map(({ id, facts, ...row }) => ({ ...row, id: String(id), facts: Facts.parse(facts) }));
}
