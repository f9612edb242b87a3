import type { Tx } from '@/server/db';

/** Reads one row of our own schema: the database answers and is migrated. */
export async function probe(db: Tx): Promise<void> {
  await db.site.findFirst({ select: { id: true } });
}
