import type { Tx } from '@/server/db';

/** A node's place in the policy: which site runs it. */
export async function findNodeFacts(db: Tx, where: { id: string } | { urn: string }) {
  return db.node.findUnique({ where, select: { id: true, urn: true, siteId: true } });
}
