import type { HardAmounts } from '@/core/resources/vector';
import { COUNTED } from './books';
import type { Queryable } from './database';

/** Later than any term, epoch seconds: 2100. */
export const ALWAYS = 4_102_444_800;

/** Until the transaction ends nobody else decides for this agent by what it has given out. Taken after the nodes' locks, always. */
export async function lockDecisions(tx: Queryable, agentId: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 4))', [`granting ${agentId}`]);
}

/** All that the agent may give out: Σ over nodes of the newest delegation that is in force, rights × degree. And of which nodes. */
export async function readTotal(tx: Queryable, agentId: string): Promise<{ total: HardAmounts; nodeIds: string[] }> {
  const part = (column: string) =>
    `coalesce(sum(floor(d."${column}"::float8 * d."degreeMilli" / 1000)), 0)::float8 AS "${column}"`;
  const { rows } = await tx.query<HardAmounts & { nodeIds: string[] | null }>({
    name: 'agent-total',
    text: `SELECT ${['cpuMilli', 'memoryMiB', 'diskMiB', 'networkKbps'].map(part).join(', ')}, array_agg(d."nodeId"::text) AS "nodeIds"
           FROM (
             SELECT DISTINCT ON (o."nodeId") o.* FROM "Delegation" o
             JOIN "NodeKey" k ON k."nodeId" = o."nodeId" AND k."revokedAt" IS NULL AND k.incarnation = o.incarnation
             WHERE o."agentId" = $1::uuid AND o."revokedAt" IS NULL AND o."notAfter" > now()
             ORDER BY o."nodeId", o."createdAt" DESC, o.id DESC
           ) d`,
    values: [agentId],
  });
  const { nodeIds, ...total } = rows[0] ?? { nodeIds: [], cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };
  return { total, nodeIds: nodeIds ?? [] };
}

export type SliceHolding = HardAmounts & { sliceUrn: string; slivers: number };

/** What is out of each slice's, on these nodes, now and later (as `readClaims` counts it). `at`: epoch seconds. */
export async function readHoldings(
  tx: Queryable,
  agentId: string,
  nodeIds: readonly string[],
  at: number,
): Promise<SliceHolding[]> {
  const { rows } = await tx.query<SliceHolding>({
    name: 'agent-holdings',
    text: `SELECT t."sliceUrn", count(DISTINCT t."nodeId")::int AS slivers, sum(t."cpuMilli")::float8 AS "cpuMilli", sum(t."memoryMiB")::float8 AS "memoryMiB",
             sum(t."diskMiB")::float8 AS "diskMiB", sum(t."networkKbps")::float8 AS "networkKbps"
           FROM ${COUNTED} AND NOT EXISTS (SELECT FROM "Ticket" r WHERE r.replaces = t.jti AND r."nodeId" = t."nodeId" AND r.state IN ('issued', 'redeemed'))
           GROUP BY t."sliceUrn"`,
    values: [agentId, nodeIds, at, ALWAYS],
  });
  return rows;
}

export type Unmet = HardAmounts & { sliceUrn: string; site: string; unmet: number };

/** What slices asked of the agent in the last `seconds` and did not get, by their last request each. */
export async function readUnmet(tx: Queryable, agentId: string, seconds: number): Promise<Unmet[]> {
  const { rows } = await tx.query<Unmet>({
    name: 'agent-unmet',
    text: `SELECT * FROM (
             SELECT DISTINCT ON ("sliceUrn") "sliceUrn", site, unmet, "cpuMilli", "memoryMiB", "diskMiB", "networkKbps" FROM "TicketRequest"
             WHERE "agentId" = $1::uuid AND "createdAt" > now() - make_interval(secs => $2) AND NOT renewal AND unmet IS NOT NULL
             ORDER BY "sliceUrn", "createdAt" DESC
           ) last WHERE unmet > 0 LIMIT 5000`,
    values: [agentId, seconds],
  });
  return rows;
}
