import type { HardAmounts } from '@/core/resources/vector';
import type { Tx } from '@/server/db';

export type RequestRow = HardAmounts & {
  at: Date;
  endsAt: Date;
  /** When the slice it was for came to its end, where it did sooner. */
  overAt: Date | null;
  site: string;
  slice: string;
  granted: number;
  unmet: number;
};

/** What was asked of an agent since then, renewals left out: the last `limit`, the latest first. */
export function requestHistory(tx: Tx, agentId: string, since: Date, limit: number): Promise<RequestRow[]> {
  return tx.$queryRaw<RequestRow[]>`
    WITH asked AS (
      SELECT * FROM "TicketRequest" WHERE "agentId" = ${agentId}::uuid AND "createdAt" > ${since} AND NOT renewal AND asked IS NOT NULL
      ORDER BY "createdAt" DESC LIMIT ${limit}
    ), ended AS (
      SELECT DISTINCT ON (urn) urn, "createdAt", coalesce("deletedAt", "endsAt") AS at FROM "Slice"
      WHERE urn IN (SELECT DISTINCT "sliceUrn" FROM asked) ORDER BY urn, "createdAt" DESC
    )
    SELECT r."createdAt" AS at, r."endsAt", e.at AS "overAt", r.site, r."sliceUrn" AS slice, r.granted, r.unmet, r."cpuMilli", r."memoryMiB",
      r."diskMiB", r."networkKbps"
    FROM asked r LEFT JOIN ended e ON e.urn = r."sliceUrn" AND e."createdAt" <= r."createdAt" ORDER BY r."createdAt" DESC`;
}
