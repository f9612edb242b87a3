import type { QuotaAmounts } from '@/core/quota/quota';
import type { Tx } from '@/server/db';

export type QuotaRow = QuotaAmounts & { maxTermSeconds: number; maxTotalSeconds: number };

const amounts = {
  slivers: true,
  cpuMilli: true,
  memoryMiB: true,
  diskMiB: true,
  networkKbps: true,
  maxTermSeconds: true,
  maxTotalSeconds: true,
} as const;

export function findQuota(db: Tx, siteId: string): Promise<QuotaRow | null> {
  return db.quota.findUnique({ where: { siteId }, select: amounts });
}

/** The site's quota, locked until the transaction ends: whoever judges by it waits for whoever is spending it. */
export async function lockQuota(tx: Tx, siteId: string): Promise<QuotaRow | null> {
  await tx.$queryRaw`SELECT 1 FROM "Quota" WHERE "siteId" = ${siteId}::uuid FOR UPDATE`;
  return findQuota(tx, siteId);
}

export async function upsertQuota(tx: Tx, siteId: string, quota: QuotaRow): Promise<void> {
  await tx.quota.upsert({ where: { siteId }, create: { siteId, ...quota }, update: quota });
}

/**
 * What the site's slices hold: from approval until they are over, the slivers they were approved for, also where some
 * failed; of a slice that is being deleted, the slivers that are not gone yet.
 */
export async function sumHeld(db: Tx, siteId: string): Promise<QuotaAmounts> {
  const rows = await db.$queryRaw<Record<keyof QuotaAmounts, bigint>[]>`
    SELECT coalesce(sum(n), 0)::bigint AS slivers,
      coalesce(sum(n * "cpuMilli"), 0)::bigint AS "cpuMilli", coalesce(sum(n * "memoryMiB"), 0)::bigint AS "memoryMiB",
      coalesce(sum(n * "diskMiB"), 0)::bigint AS "diskMiB", coalesce(sum(n * "networkKbps"), 0)::bigint AS "networkKbps"
    FROM (
      SELECT s."cpuMilli", s."memoryMiB", s."diskMiB", s."networkKbps",
        CASE WHEN s.state <> 'deleting' THEN s."sliverCount"::bigint
          ELSE (SELECT count(*) FROM "Sliver" v WHERE v."sliceId" = s.id AND v."goneAt" IS NULL) END AS n
      FROM "Slice" s
      WHERE s."siteId" = ${siteId}::uuid
        AND s.state IN ('approved', 'deploying', 'active', 'degraded', 'failed', 'suspended', 'deleting')
    ) held`;
  const row = rows[0];
  return {
    slivers: Number(row?.slivers ?? 0),
    cpuMilli: Number(row?.cpuMilli ?? 0),
    memoryMiB: Number(row?.memoryMiB ?? 0),
    diskMiB: Number(row?.diskMiB ?? 0),
    networkKbps: Number(row?.networkKbps ?? 0),
  };
}
