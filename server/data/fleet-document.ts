import { z } from 'zod';
import type { DocumentNode } from '@/core/rspec/fleet-document';
import { ImageName } from '@/protocol/node-manager/images';
import type { Tx } from '../db';

/** So many nodes are in one document: more than any fleet has. */
const MOST = 50_000;
const amounts = z.array(z.int().nullable()).length(4);

const Row = z.object({
  urn: z.string(),
  hostname: z.string(),
  site: z.string(),
  siteUrn: z.string(),
  country: z.string().nullable(),
  city: z.string().nullable(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  bootState: z.string(),
  adminSwitch: z.string(),
  reachability: z.string(),
  since: z.date().nullable(),
  simulated: z.boolean(),
  capacity: amounts,
  free: amounts,
  images: z.array(ImageName).max(1000).nullable().catch(null),
  delegations: z.array(z.object({ agent: z.string(), until: z.string() })),
});

/** The whole fleet by URN, in one statement. */
export async function documentNodes(db: Tx): Promise<DocumentNode[]> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT n.urn, n.hostname, s."loginBase" AS site, s.urn AS "siteUrn", n.country, n.city, n.latitude, n.longitude,
      n."bootState"::text, greatest(n."adminSwitch", (h.facts -> 'policy' ->> 'adminSwitch')::"AdminSwitch")::text AS "adminSwitch",
      coalesce(h.reachability::text, 'unreachable') AS reachability, h.since, n.simulated,
      ARRAY[n."cpuMilli", n."memoryMiB", n."diskMiB", n."networkKbps"] AS capacity,
      ARRAY[h."freeCpuMilli", h."freeMemoryMiB", h."freeDiskMiB", h."freeNetworkKbps"] AS free,
      h.facts -> 'images' AS images, coalesce(d.all, '[]') AS delegations
    FROM "Node" n JOIN "Site" s ON s.id = n."siteId" LEFT JOIN "Heartbeat" h ON h."nodeId" = n.id
    LEFT JOIN (
      SELECT d."nodeId", jsonb_agg(jsonb_build_object('agent', a.urn,
          'until', to_char(d.until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY a.urn) AS all
      FROM (SELECT "nodeId", "agentId", max("notAfter") AS until FROM "Delegation"
        WHERE "revokedAt" IS NULL AND "notAfter" > now() AND "parentId" IS NULL GROUP BY 1, 2) d
      JOIN "Agent" a ON a.id = d."agentId" GROUP BY 1
    ) d ON d."nodeId" = n.id
    ORDER BY n.urn LIMIT ${MOST}`;
  return rows.map((row) => {
    const { capacity, free, since, images, ...rest } = Row.parse(row);
    return {
      ...rest,
      since: since?.toISOString() ?? null,
      capacity: hard(capacity),
      free: hard(free),
      images: images ?? [],
    };
  });
}

function hard([cpuMilli, memoryMiB, diskMiB, networkKbps]: (number | null)[]): DocumentNode['capacity'] {
  if (cpuMilli == null || memoryMiB == null || diskMiB == null || networkKbps == null) return null;
  return { cpuMilli, memoryMiB, diskMiB, networkKbps };
}
