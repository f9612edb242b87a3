import { z } from 'zod';
import { SliverReported } from '@/protocol/api/common';
import type { NodeUsageView, SliverUsageRow, UsageMinute } from '@/protocol/api/usage';
import { HostUsage } from '@/protocol/node-manager/usage';
import type { Tx } from '../db';

/** How far back pages show the trend. The agent keeps somewhat more. */
const TREND_MINUTES = 180;

/** Amounts here fit a double's 53 bits. */
const amount = z.union([z.number(), z.bigint()]).transform(Number);
const MinuteRow = z.object({
  at: z.date(),
  periodMs: amount,
  cpuMs: amount,
  memoryBytes: amount,
  bytesIn: amount.nullable(),
  bytesOut: amount.nullable(),
});

/** The last that a node said of its host; null for one that says nothing: simulated, or not heard of yet. */
export async function nodeUsage(db: Tx, nodeId: string, now: Date): Promise<NodeUsageView | null> {
  const last = await db.nodeUsage.findUnique({ where: { nodeId } });
  if (!last) return null;
  const trend = await db.$queryRaw<unknown[]>`
    SELECT at, "periodMs", "cpuMs", "memoryUsedBytes" AS "memoryBytes", "bytesIn", "bytesOut" FROM "NodeUsageSample"
    WHERE "nodeId" = ${nodeId}::uuid AND at > ${since(now)} ORDER BY at`;
  return { at: last.at, host: HostUsage.parse(last.host), trend: trend.map(minute) };
}

/** Live slivers of a slice that report what they use. */
export async function sliverUsage(db: Tx, sliceId: string): Promise<SliverUsageRow[]> {
  const rows = await db.sliver.findMany({
    where: { sliceId, goneAt: null, usage: { isNot: null } },
    select: { id: true, reported: true, node: { select: { id: true, hostname: true } }, usage: true },
    orderBy: { node: { hostname: 'asc' } },
    take: 2000,
  });
  return rows.flatMap(({ id, reported, node, usage }) =>
    usage
      ? [
          {
            sliverId: id,
            nodeId: node.id,
            hostname: node.hostname,
            reported: SliverReported.parse(reported),
            at: usage.at,
            cpuMilli: rate(Number(usage.cpuMs) * 1000, Number(usage.periodMs)),
            cpuMsTotal: Number(usage.cpuMsTotal),
            memoryBytes: Number(usage.memoryBytes),
            memoryPeakBytes: Number(usage.memoryPeakBytes),
            diskBytes: usage.diskBytes === null ? null : Number(usage.diskBytes),
            bytesInTotal: usage.bytesInTotal === null ? null : Number(usage.bytesInTotal),
            bytesOutTotal: usage.bytesOutTotal === null ? null : Number(usage.bytesOutTotal),
            pids: usage.pids,
          },
        ]
      : [],
  );
}

/** Live slivers that report no use. */
export async function silentSlivers(db: Tx, sliceId: string): Promise<{ simulated: number; others: number }> {
  const live = { sliceId, goneAt: null, usage: { is: null }, reported: 'running' } as const;
  const [simulated, all] = await Promise.all([
    db.sliver.count({ where: { ...live, node: { simulated: true } } }),
    db.sliver.count({ where: live }),
  ]);
  return { simulated, others: all - simulated };
}

/** All slivers of a slice together, by the minute; rates are of each sliver's own period, added. */
export async function sliceTrend(db: Tx, sliceId: string, now: Date): Promise<UsageMinute[]> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT s.at, 60000 AS "periodMs", sum(s."cpuMs" * 60000.0 / greatest(s."periodMs", 1))::float8 AS "cpuMs", sum(s."memoryBytes")::float8 AS "memoryBytes",
      sum(s."bytesIn" * 60000.0 / greatest(s."periodMs", 1))::float8 AS "bytesIn", sum(s."bytesOut" * 60000.0 / greatest(s."periodMs", 1))::float8 AS "bytesOut"
    FROM "SliverUsageSample" s JOIN "Sliver" v ON v.id = s."sliverId"
    WHERE v."sliceId" = ${sliceId}::uuid AND s.at > ${since(now)} GROUP BY s.at ORDER BY s.at`;
  return rows.map(minute);
}

const Totals = z.object({ cpuMs: amount, bytesIn: amount, bytesOut: amount });

/** All that a slice used since it began, slivers that are gone included. */
export async function sliceTotals(db: Tx, sliceId: string): Promise<z.infer<typeof Totals>> {
  const rows = await db.$queryRaw<unknown[]>`
    SELECT coalesce(sum(u."cpuMsTotal"), 0)::float8 AS "cpuMs", coalesce(sum(u."bytesInTotal"), 0)::float8 AS "bytesIn",
      coalesce(sum(u."bytesOutTotal"), 0)::float8 AS "bytesOut"
    FROM "SliverUsage" u JOIN "Sliver" v ON v.id = u."sliverId" WHERE v."sliceId" = ${sliceId}::uuid`;
  return Totals.parse(rows[0]);
}

/** Amounts of one sliver of the slice. */
export async function sliverLimits(db: Tx, sliceId: string) {
  const slice = await db.slice.findUniqueOrThrow({
    where: { id: sliceId },
    select: { cpuMilli: true, memoryMiB: true, diskMiB: true, spec: true },
  });
  const { resources } = z.object({ resources: z.object({ pidsMax: z.int() }) }).parse(slice.spec);
  return { cpuMilli: slice.cpuMilli, memoryMiB: slice.memoryMiB, diskMiB: slice.diskMiB, pidsMax: resources.pidsMax };
}

function minute(row: unknown): UsageMinute {
  const { at, periodMs, cpuMs, memoryBytes, bytesIn, bytesOut } = MinuteRow.parse(row);
  return {
    at,
    cpuMilli: rate(cpuMs * 1000, periodMs),
    memoryBytes,
    bytesInRate: bytesIn === null ? null : rate(bytesIn * 1000, periodMs),
    bytesOutRate: bytesOut === null ? null : rate(bytesOut * 1000, periodMs),
  };
}

function rate(amount: number, periodMs: number): number {
  return periodMs > 0 ? amount / periodMs : 0;
}

function since(now: Date): Date {
  return new Date(now.getTime() - TREND_MINUTES * 60_000);
}
