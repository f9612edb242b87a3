import type { Tx } from '@/server/db';

/** Ids of the nodes that hold a live sliver of the slice. */
export async function sliceNodeIds(db: Tx, sliceId: string): Promise<string[]> {
  const rows = await db.sliver.findMany({ where: { sliceId, goneAt: null }, select: { nodeId: true } });
  return rows.map((row) => row.nodeId);
}
