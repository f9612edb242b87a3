import { z } from 'zod';
import { HostUsage } from '../node-manager/usage';
import * as c from './common';

/** Rates over one minute, [at, at + 1 min); minutes that nobody reported are left out. */
const Minute = z.object({
  at: z.date(),
  /** Milli-cores at work */
  cpuMilli: z.number(),
  memoryBytes: z.number(),
  /** Bytes a second; null where they are not counted. */
  bytesInRate: z.number().nullable(),
  bytesOutRate: z.number().nullable(),
});
export type UsageMinute = z.infer<typeof Minute>;

/** What a node said last of its host, with the last hours by the minute, oldest first. */
export const NodeUsageView = z.object({ at: z.date(), host: HostUsage, trend: z.array(Minute) });
export type NodeUsageView = z.infer<typeof NodeUsageView>;

/** One sliver's use as its node last said; `null` amounts are not counted there. */
export const SliverUsageRow = z.object({
  sliverId: c.Id,
  nodeId: c.Id,
  hostname: z.string(),
  reported: c.SliverReported,
  at: z.date(),
  cpuMilli: z.number(),
  cpuMsTotal: z.number(),
  memoryBytes: z.number(),
  memoryPeakBytes: z.number(),
  diskBytes: z.number().nullable(),
  bytesInTotal: z.number().nullable(),
  bytesOutTotal: z.number().nullable(),
  pids: z.int(),
});
export type SliverUsageRow = z.infer<typeof SliverUsageRow>;

/** What a slice uses: live slivers that report, their sum by the minute, and all that was used since it began. */
export const SliceUsage = z.object({
  limits: z.object({ cpuMilli: z.int(), memoryMiB: z.int(), diskMiB: z.int(), pidsMax: z.int() }),
  rows: z.array(SliverUsageRow),
  /** Live slivers that report no use: simulated ones, and those that only just started. */
  silent: z.object({ simulated: z.int(), others: z.int() }),
  trend: z.array(Minute),
  totals: z.object({ cpuMs: z.number(), bytesIn: z.number(), bytesOut: z.number() }),
});
export type SliceUsage = z.infer<typeof SliceUsage>;
