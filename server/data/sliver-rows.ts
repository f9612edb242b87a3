import { z } from 'zod';
import { fleetReachability } from '@/core/fleet/unusable';
import { Reason, SliverDesired, SliverReported } from '@/protocol/api/common';
import type { SliverRow } from '@/protocol/api/slice';
import type { Tx } from '../db';
import { Prisma } from '../generated/prisma/client';

const Row = z.object({
  id: z.string(),
  nodeId: z.string(),
  urn: z.string(),
  hostname: z.string(),
  site: z.string(),
  country: z.string().nullable(),
  city: z.string().nullable(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  simulated: z.boolean(),
  written: z.enum(['online', 'late', 'unreachable']).nullable(),
  heardAt: z.date().nullable(),
  address: z.string().nullable(),
  desired: SliverDesired,
  reported: SliverReported,
  reason: Reason.nullable(),
  lastSeen: z.date().nullable(),
  picked: z.boolean(),
  substituteForId: z.string().nullable(),
  givenUpAt: z.date().nullable(),
  move: z
    .object({ state: z.enum(['open', 'failed']), to: z.string().nullable(), reason: Reason.nullable() })
    .nullable(),
  movedFromId: z.string().nullable(),
  attempts: z.int(),
  createdAt: z.date(),
  runningAt: z.date().nullable(),
  changedAt: z.date(),
  leaseEndsAt: z.date().nullable(),
  goneAt: z.date().nullable(),
});

/** Slivers as the slice page shows them, picked ones first, then by when they were added: all that it ever had, or those of `ids`. */
export async function findSliverRows(
  db: Tx,
  sliceId: string,
  options: { ids?: readonly string[]; now?: Date } = {},
): Promise<SliverRow[]> {
  const now = (options.now ?? new Date()).getTime();
  const only = options.ids ? Prisma.sql`AND v.id = ANY(${[...options.ids]}::uuid[])` : Prisma.empty;
  const rows = await db.$queryRaw<unknown[]>`
    SELECT v.id::text, n.id::text AS "nodeId", n.urn, n.hostname, t."loginBase" AS site, n.country, n.city, n.latitude, n.longitude,
      n.simulated, h.reachability::text AS written, h.at AS "heardAt", n.address, v.desired::text, v.reported::text, v.reason, v."lastSeen",
      v.picked, v."substituteForId"::text, v."givenUpAt", v.attempts, v."createdAt", v."runningAt", v."changedAt", l."endsAt" AS "leaseEndsAt", v."goneAt",
      (SELECT json_build_object('state', m.state, 'to', mn.hostname, 'reason', m.reason)
       FROM "SliverMove" m LEFT JOIN "Sliver" mt ON mt.id = m."toId" LEFT JOIN "Node" mn ON mn.id = mt."nodeId"
       WHERE m."fromId" = v.id AND m.state IN ('open', 'failed') ORDER BY m."createdAt" DESC LIMIT 1) AS move,
      (SELECT m."fromId"::text FROM "SliverMove" m WHERE m."toId" = v.id AND m.state IN ('open', 'done') LIMIT 1) AS "movedFromId"
    FROM "Sliver" v
    JOIN "Node" n ON n.id = v."nodeId"
    JOIN "Site" t ON t.id = n."siteId"
    LEFT JOIN "Heartbeat" h ON h."nodeId" = n.id
    LEFT JOIN "Lease" l ON l."sliverId" = v.id
    WHERE v."sliceId" = ${sliceId}::uuid ${only}
    ORDER BY v.picked DESC, v."createdAt", n.hostname, v.id`;
  return rows.map((row) => toSliverRow(Row.parse(row), now));
}

function toSliverRow(row: z.infer<typeof Row>, now: number): SliverRow {
  const {
    nodeId,
    urn,
    hostname,
    site,
    country,
    city,
    latitude,
    longitude,
    simulated,
    written,
    heardAt,
    address,
    ...sliver
  } = row;
  const reachability = fleetReachability(written, heardAt?.getTime() ?? null, now);
  return {
    ...sliver,
    lastSeen: lastHeard(sliver, heardAt),
    node: { id: nodeId, urn, hostname, site, country, city, latitude, longitude, simulated, reachability, address },
  };
}

/** Each heartbeat of a node speaks for what lives there, also when nothing of it changed. */
function lastHeard({ lastSeen, goneAt }: { lastSeen: Date | null; goneAt: Date | null }, heardAt: Date | null) {
  return goneAt === null && lastSeen && heardAt && heardAt > lastSeen ? heardAt : lastSeen;
}
