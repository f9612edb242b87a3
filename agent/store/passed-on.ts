import type { HardAmounts } from '@/core/resources/vector';
import type { Queryable } from './database';

type PassedOnRow = HardAmounts & { nodeId: string };

/**
 * What this agent passed on of each node and is in force at any time of [start, end) (epoch seconds): of each line the most that its
 * delegations allow, rights × degree, since they take each other's place. Summed over the lines, but for `without`, whose place
 * another is about to take. Nodes of which nothing was passed on are missing.
 */
export async function readPassedOn(
  db: Queryable,
  issuerId: string,
  nodeIds: readonly string[],
  span: { start: number; end: number },
  without: readonly string[] = [],
): Promise<Map<string, HardAmounts>> {
  const { rows } = await db.query<PassedOnRow>({
    name: 'read-passed-on',
    text: `SELECT "nodeId"::text AS "nodeId", sum(cpu)::float8 AS "cpuMilli", sum(memory)::float8 AS "memoryMiB", sum(disk)::float8 AS "diskMiB",
             sum(network)::float8 AS "networkKbps"
           FROM (
             SELECT "nodeId", max("cpuMilli"::bigint * "degreeMilli" / 1000) AS cpu, max("memoryMiB"::bigint * "degreeMilli" / 1000) AS memory,
               max("diskMiB"::bigint * "degreeMilli" / 1000) AS disk, max("networkKbps"::bigint * "degreeMilli" / 1000) AS network
             FROM "Delegation" WHERE "issuerId" = $1::uuid AND "nodeId" = ANY($2::uuid[]) AND "revokedAt" IS NULL AND "notAfter" > now()
               AND "notBefore" < to_timestamp($4) AND "notAfter" > to_timestamp($3) AND line <> ALL($5::text[])
             GROUP BY "nodeId", "granteeJkt", line
           ) lines GROUP BY "nodeId"`,
    values: [issuerId, nodeIds, span.start, span.end, without],
  });
  return new Map(rows.map(({ nodeId, ...amounts }) => [nodeId, amounts]));
}
