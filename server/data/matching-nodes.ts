import { LATE_AFTER_MS } from '@/core/node/reachability';
import type { HardAmounts } from '@/core/resources/vector';
import { IMAGES_UNSAID } from '@/protocol/node-manager/images';
import type { Tx } from '@/server/db';

export type MatchingGroup = { siteId: string; country: string | null; picked: boolean; nodes: number };

/**
 * Nodes that could take a sliver of these amounts now (as core's `whyUnusable` and the broker's `suits` judge), counted by site
 * and country. Counted in the database: it is asked at each keystroke of a form.
 */
export function countMatching(
  db: Tx,
  wants: { resources: HardAmounts & { image: string }; onlyCountries: readonly string[]; picked: readonly string[] },
  now: Date,
): Promise<MatchingGroup[]> {
  const { cpuMilli, memoryMiB, diskMiB, networkKbps, image } = wants.resources;
  const countries = [...wants.onlyCountries];
  const heardSince = new Date(now.getTime() - LATE_AFTER_MS);
  return db.$queryRaw<MatchingGroup[]>`
    SELECT n."siteId"::text AS "siteId", n.country, n.urn = ANY(${[...wants.picked]}::text[]) AS picked, count(*)::int AS nodes
    FROM "Node" n JOIN "Heartbeat" h ON h."nodeId" = n.id
    WHERE n."enrolledAt" IS NOT NULL AND n."bootState" = 'boot' AND n."adminSwitch" = 'open'
      AND coalesce(h.facts -> 'policy' ->> 'adminSwitch', 'open') = 'open'
      AND h.reachability = 'online' AND h.at >= ${heardSince}
      AND h."freeCpuMilli" >= ${cpuMilli} AND h."freeMemoryMiB" >= ${memoryMiB}
      AND h."freeDiskMiB" >= ${diskMiB} AND h."freeNetworkKbps" >= ${networkKbps}
      AND coalesce(h.facts -> 'images', ${JSON.stringify(IMAGES_UNSAID)}::jsonb) @> to_jsonb(${image}::text)
      AND (${countries.length} = 0 OR n.country = ANY(${countries}::text[]))
      AND EXISTS (SELECT 1 FROM "Delegation" d WHERE d."nodeId" = n.id AND d."notAfter" > ${now} AND d."revokedAt" IS NULL)
    GROUP BY 1, 2, 3`;
}

/** Every image that some node has which could be given a sliver now, most nodes first. */
export function countImages(db: Tx, now: Date): Promise<{ image: string; nodes: number; realNodes: number }[]> {
  const heardSince = new Date(now.getTime() - LATE_AFTER_MS);
  return db.$queryRaw`
    SELECT image, count(*)::int AS nodes, count(*) FILTER (WHERE NOT n.simulated)::int AS "realNodes"
    FROM "Node" n JOIN "Heartbeat" h ON h."nodeId" = n.id
      CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(h.facts -> 'images', ${JSON.stringify(IMAGES_UNSAID)}::jsonb)) AS image
    WHERE n."enrolledAt" IS NOT NULL AND n."bootState" = 'boot' AND n."adminSwitch" = 'open'
      AND coalesce(h.facts -> 'policy' ->> 'adminSwitch', 'open') = 'open'
      AND h.reachability = 'online' AND h.at >= ${heardSince}
    GROUP BY image ORDER BY nodes DESC, image LIMIT 200`;
}

/** Those of `urns` that are nodes, with what a spec judges by. */
export function findPicked(db: Tx, urns: readonly string[]) {
  return db.node.findMany({ where: { urn: { in: [...urns] } }, select: { urn: true, siteId: true, country: true } });
}
