import { z } from 'zod';
import { fleetReachability, whyUnusable } from '@/core/fleet/unusable';
import type { HardAmounts } from '@/core/resources/vector';
import { AdminSwitch, BootState } from '@/protocol/api/common';
import type { FleetNode } from '@/protocol/api/fleet';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import type { Tx } from '../db';
import { Prisma } from '../generated/prisma/client';

const Row = z.object({
  id: z.string(),
  urn: z.string(),
  hostname: z.string(),
  site: z.string(),
  siteName: z.string(),
  country: z.string().nullable(),
  city: z.string().nullable(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  bootState: BootState,
  adminSwitch: AdminSwitch,
  /** Of the site's switch and the owner's. */
  stricter: AdminSwitch,
  simulated: z.boolean(),
  partner: z.string().nullable(),
  enrolled: z.boolean(),
  delegated: z.boolean(),
  slivers: z.int(),
  capacity: z.array(z.int().nullable()).length(4),
  free: z.array(z.int().nullable()).length(4),
  written: z.enum(['online', 'late', 'unreachable']).nullable(),
  lastSeen: z.date().nullable(),
});

/**
 * Nodes as the map and the table show them, ordered by hostname: all, or those of `ids`. One statement, also for 50,000.
 * `now` judges reachability and delegations.
 */
export async function fleetNodes(db: Tx, options: { ids?: readonly string[]; now?: Date } = {}): Promise<FleetNode[]> {
  const now = options.now ?? new Date();
  // Of a partner's nodes those that it gives us now, or that hold slivers of ours still; one that is asked for by name is shown as it is.
  const only = options.ids
    ? Prisma.sql`WHERE n.id = ANY(${[...options.ids]}::uuid[])`
    : Prisma.sql`WHERE n."partnerId" IS NULL OR v.live > 0 OR EXISTS (
        SELECT FROM "Delegation" d WHERE d."nodeId" = n.id AND d."notAfter" > ${now} AND d."revokedAt" IS NULL)`;
  const rows = await db.$queryRaw<unknown[]>`
    SELECT n.id::text, n.urn, n.hostname, s."loginBase" AS site, s.name AS "siteName", n.country, n.city, n.latitude, n.longitude,
      n."bootState"::text, n."adminSwitch"::text, n.simulated, p.name AS partner, n."enrolledAt" IS NOT NULL AS enrolled,
      EXISTS (SELECT 1 FROM "Delegation" d
        WHERE d."nodeId" = n.id AND d."notAfter" > ${now} AND d."revokedAt" IS NULL) AS delegated,
      coalesce(v.live, 0) AS slivers,
      ARRAY[n."cpuMilli", n."memoryMiB", n."diskMiB", n."networkKbps"] AS capacity,
      ARRAY[h."freeCpuMilli", h."freeMemoryMiB", h."freeDiskMiB", h."freeNetworkKbps"] AS free,
      h.reachability::text AS written, h.at AS "lastSeen",
      greatest(n."adminSwitch", (h.facts -> 'policy' ->> 'adminSwitch')::"AdminSwitch")::text AS stricter
    FROM "Node" n
    JOIN "Site" s ON s.id = n."siteId"
    LEFT JOIN "Partner" p ON p.id = n."partnerId"
    LEFT JOIN "Heartbeat" h ON h."nodeId" = n.id
    LEFT JOIN (SELECT "nodeId", count(*)::int AS live FROM "Sliver"
      WHERE "goneAt" IS NULL AND reported IN ('scheduled', 'starting', 'running', 'stopped', 'unknown') GROUP BY 1) v
      ON v."nodeId" = n.id
    ${only}
    ORDER BY n.hostname, n.urn`;
  return rows.map((row) => toFleetNode(Row.parse(row), now.getTime()));
}

function toFleetNode(row: z.infer<typeof Row>, now: number): FleetNode {
  const { enrolled, delegated, written, stricter, capacity: capacityArray, free: freeArray, ...rest } = row;
  const capacity = amounts(capacityArray);
  const free = amounts(freeArray);
  const lastSeen = row.lastSeen?.getTime() ?? null;
  const reachability = fleetReachability(written, lastSeen, now);
  const unusable = whyUnusable(
    {
      hostname: row.hostname,
      bootState: row.bootState,
      adminSwitch: stricter,
      reachability,
      lastSeen,
      enrolled,
      delegated,
      capacity,
      free,
    },
    DEFAULT_RESOURCES,
  );
  return { ...rest, capacity, free, reachability, unusable };
}

function amounts([cpuMilli, memoryMiB, diskMiB, networkKbps]: (number | null)[]): HardAmounts | null {
  if (cpuMilli == null || memoryMiB == null || diskMiB == null || networkKbps == null) return null;
  return { cpuMilli, memoryMiB, diskMiB, networkKbps };
}
