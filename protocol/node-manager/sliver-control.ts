import { z } from 'zod';
import { ResourceVectorSchema } from '../resources';
import { SliverStatus, urn } from './schemas';

/** What the people of a slice may do with its sliver on a node, within its lease. */

/** Amounts that can be changed while a sliver runs: each at most the lease's. */
export const SliverLimits = ResourceVectorSchema.pick({
  cpuMilli: true,
  cpuShare: true,
  memoryMiB: true,
  pidsMax: true,
  networkKbps: true,
  networkShare: true,
}).partial();
export type SliverLimits = z.infer<typeof SliverLimits>;

export const ControlInput = z.object({
  slice: urn,
  /** Wait so long for the sliver to be what was asked for, in ms. */
  waitMs: z.int().min(0).max(20_000).default(5_000),
});
export const UpdateInput = z.object({ slice: urn, limits: SliverLimits });
/** How the sliver stands then. */
export const ControlOutput = SliverStatus;

export const LogsInput = z.object({ slice: urn });
export const LogsOutput = z.object({
  /** One line for each thing that the node did to it, oldest first; the end of it, at most 64 KiB. */
  events: z.string().max(131_072),
  /** What its first process's output holds: its programs may write to /proc/1/fd/1. The end of it, at most 64 KiB. */
  console: z.string().max(131_072),
});
export type SliverLogsView = z.infer<typeof LogsOutput>;
