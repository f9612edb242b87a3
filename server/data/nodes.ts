import type { AdminSwitch } from '@/core/node/state';
import type { Tx } from '@/server/db';
import type { Prisma } from '@/server/generated/prisma/client';

/** A node's place in the policy: which site runs it. */
export function findNodeFacts(db: Tx, where: { id: string } | { urn: string }) {
  return db.node.findUnique({ where, select: { id: true, urn: true, siteId: true } });
}

/** What changes a node's switch, or null when there is no such node. The row is locked until the transaction ends. */
export async function lockNodeSwitch(
  tx: Tx,
  id: string,
): Promise<{ urn: string; siteId: string; adminSwitch: AdminSwitch } | null> {
  const rows = await tx.$queryRaw<{ urn: string; siteId: string; adminSwitch: AdminSwitch }[]>`
    SELECT urn, "siteId"::text, "adminSwitch"::text FROM "Node" WHERE id = ${id}::uuid FOR UPDATE`;
  return rows[0] ?? null;
}

export async function updateNodeSwitch(tx: Tx, id: string, adminSwitch: AdminSwitch): Promise<void> {
  await tx.node.update({ where: { id }, data: { adminSwitch } });
}

/** Nodes that a simulator may stand for, by URN: of the given URNs, or imported ones in boot state `boot`. */
export function findSimulable(tx: Tx, of: { urns: string[] } | 'imported', limit: number) {
  const where: Prisma.NodeWhereInput =
    of === 'imported' ? { source: 'imported', bootState: 'boot' } : { urn: { in: of.urns }, simulated: true };
  return tx.node.findMany({
    where,
    select: { id: true, urn: true, simulated: true },
    orderBy: { urn: 'asc' },
    take: limit,
  });
}

/** From here on these nodes are shown as simulated. */
export async function markSimulated(tx: Tx, ids: string[]): Promise<void> {
  await tx.node.updateMany({ where: { id: { in: ids } }, data: { simulated: true } });
}
