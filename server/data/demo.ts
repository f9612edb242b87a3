import type { Tx } from '../db';
import type { DemoNode, DemoSite } from '../demo/fleet';

/** Adds the demo's sites that are not there; answers all their ids by login base. */
export async function addDemoSites(tx: Tx, sites: readonly DemoSite[]): Promise<Map<string, string>> {
  await tx.site.createMany({ data: [...sites], skipDuplicates: true });
  const rows = await tx.site.findMany({
    where: { loginBase: { in: sites.map((site) => site.loginBase) } },
    select: { id: true, loginBase: true },
  });
  return new Map(rows.map((row) => [row.loginBase, row.id]));
}

type Quota = {
  slivers: number;
  cpuMilli: number;
  memoryMiB: number;
  diskMiB: number;
  networkKbps: number;
  maxTermSeconds: number;
};

/** Gives sites without a quota one; what an operator set since stays. */
export async function addQuotas(tx: Tx, quotas: readonly (Quota & { siteId: string })[]): Promise<void> {
  await tx.quota.createMany({ data: [...quotas], skipDuplicates: true });
}

/** Adds the demo's nodes that are not there, at their sites' places. */
export async function addDemoNodes(
  tx: Tx,
  nodes: readonly DemoNode[],
  sites: ReadonlyMap<string, DemoSite & { id: string }>,
): Promise<void> {
  const data = nodes.flatMap(({ urn, hostname, site: loginBase, simulated }) => {
    const site = sites.get(loginBase);
    if (!site) return [];
    const { latitude, longitude, country, city } = site;
    return [
      { urn, hostname, siteId: site.id, latitude, longitude, country, city, simulated, bootState: 'boot' as const },
    ];
  });
  await tx.node.createMany({ data, skipDuplicates: true });
}

/** Nodes of these URNs that have not enrolled yet. */
export function unenrolledNodes(tx: Tx, urns: string[]): Promise<{ id: string; urn: string }[]> {
  return tx.node.findMany({
    where: { urn: { in: urns }, enrolledAt: null },
    select: { id: true, urn: true },
    orderBy: { urn: 'asc' },
  });
}

/** Sets an account's password; for the demo's own accounts only. */
export async function setPasswordHash(tx: Tx, userId: string, password: string): Promise<void> {
  await tx.account.updateMany({ where: { userId, providerId: 'credential' }, data: { password } });
}
