import { z } from 'zod';
import { isoTime, plainText, SliceInput, statementId, thumbprint, urn } from './schemas';

/**
 * What a node and its slivers use, as the node's kernel counts it. Amounts end in their unit. `periodMs` says which time before the
 * report a counted amount (`cpuMs`, `bytesIn`, `bytesOut`) covers; the others are as they were at its end.
 */

const amount = z.int().min(0);
const count = amount.max(2_147_483_647);

export const Ability = z.object({ name: plainText(64), able: z.boolean() });

export const HostUsage = z.object({
  periodMs: amount,
  /** Cores online, and the time that they worked within the period, all cores added. */
  cores: count.min(1),
  cpuMs: amount,
  load1Milli: amount,
  load5Milli: amount,
  load15Milli: amount,
  memoryBytes: amount,
  /** What could not be given to a program that asks now. */
  memoryUsedBytes: amount,
  /** Of the file system that holds the node's data. */
  diskBytes: amount,
  diskUsedBytes: amount,
  /** Through the interfaces of its default routes. */
  bytesIn: amount,
  bytesOut: amount,
  uptimeSeconds: amount,
  /**
   * The agent's clock minus this node's, and how wrong that may be at most; null before the first heartbeat. Positive: this node's clock is
   * behind.
   */
  clockOffsetMs: z.int().nullable(),
  clockErrorMs: amount.nullable(),
  kernel: plainText(128),
  abilities: z.array(Ability).max(64),
});
export type HostUsage = z.infer<typeof HostUsage>;

/** One sliver's use. */
export const SliverUse = z.object({
  leaseJti: statementId,
  periodMs: amount,
  cpuMs: amount,
  /** Without what the kernel caches and would drop at once. */
  memoryBytes: amount,
  /** What it wrote, as last measured; null where that was not measured yet. */
  diskBytes: amount.nullable(),
  /** Null where the node does not count them. */
  bytesIn: amount.nullable(),
  bytesOut: amount.nullable(),
  pids: count,
});
export type SliverUse = z.infer<typeof SliverUse>;

/**
 * What was used since the last report that was acknowledged. One that was not is sent again as it was, with the same `until`: whoever adds up
 * counts each `until` of a node once. `until`: the node's clock, which never goes back.
 */
export const UsageReport = z.object({
  until: isoTime,
  host: HostUsage,
  slivers: z.array(SliverUse).max(1000),
});
export type UsageReport = z.infer<typeof UsageReport>;

export const UsageInput = SliceInput.partial();
/** Answers at once from the last look, at most ten seconds old. A simulated node uses nothing and says so. */
export const UsageView = z.object({
  at: isoTime.nullable(),
  simulated: z.boolean(),
  node: urn,
  jkt: thumbprint,
  host: HostUsage.nullable(),
  /** The caller's own; `…Total` since the sliver was first made, restarts included. */
  slivers: z
    .array(
      SliverUse.extend({
        slice: urn,
        sliver: urn,
        cpuMsTotal: amount,
        bytesInTotal: amount.nullable(),
        bytesOutTotal: amount.nullable(),
        memoryLimitBytes: amount,
        diskLimitBytes: amount,
        pidsMax: amount,
      }),
    )
    .max(1000),
});
export type UsageView = z.infer<typeof UsageView>;
