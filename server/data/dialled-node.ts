import type { Tx } from '../db';

/** What one needs to dial a node; null for none of that id. */
export async function findDialledNode(db: Tx, id: string) {
  const node = await db.node.findUnique({
    where: { id },
    select: {
      urn: true,
      address: true,
      siteId: true,
      keys: { where: { revokedAt: null }, orderBy: { enrolledAt: 'desc' }, take: 1, select: { jkt: true } },
    },
  });
  return node && { urn: node.urn, address: node.address, siteId: node.siteId, jkt: node.keys[0]?.jkt ?? null };
}
