import type { z } from 'zod';
import type { RequestView } from '@/protocol/api/slice';
import { findDecided } from '@/server/data/requests';
import type { Tx } from '@/server/db';
import type { Person } from '../policy';
import { requestView } from '../requests/request-view';
import { sitesToDecide } from './sites-to-decide';

/** What was decided for the sites the person decides for, newest first. */
export async function listDecided(
  db: Tx,
  person: Person,
  limit: number,
): Promise<(z.infer<typeof RequestView> & { sliceName: string })[]> {
  const rows = await findDecided(db, sitesToDecide(person), limit);
  return rows.map((row) => ({ ...requestView(row), sliceName: row.slice.name }));
}
