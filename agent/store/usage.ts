import type { HostUsage, SliverUse } from '@/protocol/node-manager/usage';
import type { Queryable } from './database';

/** A node's report; `jkt` is the peer's, proven by its certificate. */
export type Usage = { urn: string; jkt: string; until: string; host: HostUsage; slivers: readonly SliverUse[] };

/** So long the trend by the minute is kept. */
export const TREND_HOURS = 6;

/**
 * One statement for all reports of a batch. A report whose `until` is not later than the last one of that node or sliver was counted already.
 * Minutes are Postgres's own: a node's clock may be wrong. Slivers whose leases nobody here knows are left out.
 */
const RECORD = `WITH hosts AS (
  SELECT n.id, h.* FROM json_to_recordset($1::json) AS h(urn text, until timestamptz, host jsonb) JOIN "Node" n ON n.urn = h.urn
), node_now AS (
  INSERT INTO "NodeUsage" AS u ("nodeId", until, at, host) SELECT id, until, now(), host FROM hosts ORDER BY id
  ON CONFLICT ("nodeId") DO UPDATE SET until = excluded.until, at = excluded.at, host = excluded.host WHERE u.until < excluded.until
  RETURNING "nodeId"
), node_trend AS (
  INSERT INTO "NodeUsageSample" AS s ("nodeId", at, "periodMs", "cpuMs", "load1Milli", "memoryUsedBytes", "diskUsedBytes", "bytesIn", "bytesOut")
  SELECT h.id, date_trunc('minute', now()), r."periodMs", r."cpuMs", r."load1Milli", r."memoryUsedBytes", r."diskUsedBytes", r."bytesIn", r."bytesOut"
  FROM hosts h JOIN node_now w ON w."nodeId" = h.id, jsonb_to_record(h.host) AS r("periodMs" bigint, "cpuMs" bigint, "load1Milli" bigint,
    "memoryUsedBytes" bigint, "diskUsedBytes" bigint, "bytesIn" bigint, "bytesOut" bigint)
  ORDER BY h.id
  ON CONFLICT ("nodeId", at) DO UPDATE SET "periodMs" = s."periodMs" + excluded."periodMs", "cpuMs" = s."cpuMs" + excluded."cpuMs",
    "load1Milli" = excluded."load1Milli", "memoryUsedBytes" = greatest(s."memoryUsedBytes", excluded."memoryUsedBytes"),
    "diskUsedBytes" = excluded."diskUsedBytes", "bytesIn" = s."bytesIn" + excluded."bytesIn", "bytesOut" = s."bytesOut" + excluded."bytesOut"
), used AS (
  SELECT l."sliverId" AS id, r.* FROM json_to_recordset($2::json) AS r(jkt text, "leaseJti" text, until timestamptz, "periodMs" bigint,
    "cpuMs" bigint, "memoryBytes" bigint, "diskBytes" bigint, "bytesIn" bigint, "bytesOut" bigint, pids int)
  JOIN "Lease" l ON l.iss = r.jkt AND l.jti = r."leaseJti"
), sliver_now AS (
  INSERT INTO "SliverUsage" AS u ("sliverId", until, at, "periodMs", "cpuMs", "memoryBytes", "diskBytes", "bytesIn", "bytesOut", pids,
    "cpuMsTotal", "bytesInTotal", "bytesOutTotal", "memoryPeakBytes")
  SELECT id, until, now(), "periodMs", "cpuMs", "memoryBytes", "diskBytes", "bytesIn", "bytesOut", pids, "cpuMs", "bytesIn", "bytesOut", "memoryBytes"
  FROM used ORDER BY id
  ON CONFLICT ("sliverId") DO UPDATE SET until = excluded.until, at = excluded.at, "periodMs" = excluded."periodMs", "cpuMs" = excluded."cpuMs",
    "memoryBytes" = excluded."memoryBytes", "diskBytes" = coalesce(excluded."diskBytes", u."diskBytes"), "bytesIn" = excluded."bytesIn",
    "bytesOut" = excluded."bytesOut", pids = excluded.pids, "cpuMsTotal" = u."cpuMsTotal" + excluded."cpuMs",
    "bytesInTotal" = coalesce(u."bytesInTotal" + excluded."bytesIn", u."bytesInTotal", excluded."bytesIn"),
    "bytesOutTotal" = coalesce(u."bytesOutTotal" + excluded."bytesOut", u."bytesOutTotal", excluded."bytesOut"),
    "memoryPeakBytes" = greatest(u."memoryPeakBytes", excluded."memoryBytes")
  WHERE u.until < excluded.until RETURNING "sliverId"
)
INSERT INTO "SliverUsageSample" AS s ("sliverId", at, "periodMs", "cpuMs", "memoryBytes", "bytesIn", "bytesOut")
SELECT id, date_trunc('minute', now()), "periodMs", "cpuMs", "memoryBytes", "bytesIn", "bytesOut"
FROM used JOIN sliver_now w ON w."sliverId" = id ORDER BY id
ON CONFLICT ("sliverId", at) DO UPDATE SET "periodMs" = s."periodMs" + excluded."periodMs", "cpuMs" = s."cpuMs" + excluded."cpuMs",
  "memoryBytes" = greatest(s."memoryBytes", excluded."memoryBytes"), "bytesIn" = s."bytesIn" + excluded."bytesIn",
  "bytesOut" = s."bytesOut" + excluded."bytesOut"`;

/** Stores what nodes and slivers used: the last of each, what it comes to, and the trend. Costs nothing where nobody reports. */
export async function recordUsage(tx: Queryable, reports: readonly Usage[]): Promise<void> {
  if (reports.length === 0) return;
  const hosts = reports.map(({ urn, until, host }) => ({ urn, until, host }));
  const slivers = reports.flatMap(({ jkt, until, slivers }) => slivers.map((use) => ({ jkt, until, ...use })));
  await tx.query({
    name: 'record-usage',
    text: RECORD,
    values: [JSON.stringify(hosts), JSON.stringify(slivers)],
  });
}

/** Drops what is older than the trend goes back, some thousand rows at a time. */
export async function dropOldUsage(db: Queryable): Promise<void> {
  for (const table of ['NodeUsageSample', 'SliverUsageSample'])
    await db.query(
      `DELETE FROM "${table}" WHERE ctid = ANY(ARRAY(
         SELECT ctid FROM "${table}" WHERE at < now() - make_interval(hours => $1) LIMIT 20000 FOR UPDATE SKIP LOCKED))`,
      [TREND_HOURS],
    );
}
