import type { Reachability } from '@/core/node/reachability';
import type { AdminSwitch, BootState } from '@/core/node/state';
import type { Queryable } from './database';

export type AdvertisedNode = {
  id: string;
  urn: string;
  address: string | null;
  jkt: string | null;
  site: string;
  country: string | null;
  bootState: BootState;
  /** The stricter of the deployment's word and the owner's. */
  adminSwitch: AdminSwitch;
  simulated: boolean;
  cpuMilli: number | null;
  memoryMiB: number | null;
  diskMiB: number | null;
  networkKbps: number | null;
  reachability: Reachability | null;
  at: Date | null;
  freeCpuMilli: number | null;
  freeMemoryMiB: number | null;
  freeDiskMiB: number | null;
  freeNetworkKbps: number | null;
  slivers: number | null;
  load1Milli: number | null;
  /** What the node said; null when it said nothing of it. */
  images: string[] | null;
};

/** Enrolled nodes with what they last said, in the order of their URNs. Empty filters mean any. */
export async function readAdvertised(
  db: Queryable,
  filter: { countries: string[]; nodes: string[] },
): Promise<AdvertisedNode[]> {
  const { rows } = await db.query<AdvertisedNode>({
    name: 'read-advertised',
    text: `SELECT n.id::text, n.urn, n.address, k.jkt, s."loginBase" AS site, n.country, n."bootState", n.simulated,
             greatest(n."adminSwitch", (h.facts -> 'policy' ->> 'adminSwitch')::"AdminSwitch") AS "adminSwitch",
             n."cpuMilli", n."memoryMiB", n."diskMiB", n."networkKbps", h.reachability, h.at, h."freeCpuMilli", h."freeMemoryMiB",
             h."freeDiskMiB", h."freeNetworkKbps", h.slivers, h."load1Milli", h.facts -> 'images' AS images
           FROM "Node" n JOIN "Site" s ON s.id = n."siteId" JOIN "NodeKey" k ON k."nodeId" = n.id AND k."revokedAt" IS NULL
           LEFT JOIN "Heartbeat" h ON h."nodeId" = n.id
           WHERE n.address IS NOT NULL AND (cardinality($1::text[]) = 0 OR n.country = ANY($1)) AND (cardinality($2::text[]) = 0 OR n.urn = ANY($2))
           ORDER BY n.urn`,
    values: [filter.countries, filter.nodes],
  });
  return rows;
}
