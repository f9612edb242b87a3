import type { Tx } from '@/server/db';

export type NodeBelow = { id: string; urn: string; hostname: string; siteId: string; online: boolean };
export type SliceBelow = { id: string; name: string; members: { id: string; name: string; email: string }[] };

/** Nodes whom it concerns; all that are enrolled when `ids` is null. */
export async function nodesBelow(tx: Tx, ids: readonly string[] | null): Promise<NodeBelow[]> {
  const rows = await tx.node.findMany({
    where: ids ? { id: { in: [...ids] } } : { keys: { some: { revokedAt: null } } },
    select: { id: true, urn: true, hostname: true, siteId: true, heartbeat: { select: { reachability: true } } },
    orderBy: { hostname: 'asc' },
  });
  return rows.map(({ heartbeat, ...node }) => ({ ...node, online: heartbeat?.reachability === 'online' }));
}

export async function slicesBelow(tx: Tx, ids: readonly string[]): Promise<SliceBelow[]> {
  const rows = await tx.slice.findMany({
    where: { id: { in: [...ids] } },
    select: {
      id: true,
      name: true,
      members: { select: { user: { select: { id: true, name: true, email: true } } } },
    },
    orderBy: { name: 'asc' },
  });
  return rows.map(({ members, ...slice }) => ({ ...slice, members: members.map((one) => one.user) }));
}

export function agentsOf(tx: Tx, ids: readonly string[]) {
  return tx.agent.findMany({
    where: { id: { in: [...ids] } },
    select: { id: true, urn: true, jkt: true, partnerId: true },
  });
}

/** The slices, by URN and once a lease, of what a person's own service manager holds with a key, as nodes said last. */
export async function slicesHeld(tx: Tx, jkt: string): Promise<string[]> {
  const rows = await tx.holderLease.findMany({ where: { holder: jkt, endedAt: null }, select: { sliceUrn: true } });
  return rows.map((row) => row.sliceUrn);
}

export function findAgent(tx: Tx, id: string) {
  return tx.agent.findUnique({
    where: { id },
    select: { id: true, urn: true, jkt: true, revokedAt: true, partnerId: true },
  });
}

/** Agents of this deployment, or partners', that are not taken back. */
export function otherAgents(tx: Tx, id: string): Promise<number> {
  return tx.agent.count({ where: { id: { not: id }, revokedAt: null, partnerId: null } });
}

export function findNode(tx: Tx, id: string) {
  return tx.node.findUnique({
    where: { id },
    select: {
      id: true,
      urn: true,
      hostname: true,
      siteId: true,
      keys: { where: { revokedAt: null }, select: { jkt: true } },
    },
  });
}

export function findPrincipalKey(tx: Tx, id: string) {
  return tx.principalKey.findUnique({
    where: { id },
    select: {
      id: true,
      name: true,
      jkt: true,
      userId: true,
      revokedAt: true,
      user: { select: { name: true, email: true } },
    },
  });
}

/** The slice whose ticket it is, with its members. */
export function sliceOfTicket(tx: Tx, sliceId: string) {
  return tx.slice.findUnique({
    where: { id: sliceId },
    select: { id: true, name: true, siteId: true, members: { select: { userId: true } } },
  });
}
