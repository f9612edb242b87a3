import { z } from 'zod';
import { HardAmountsSchema, ResourceVectorSchema } from '../resources';
import { isoTime, ReasonSchema, urn } from './schemas';

/** A dry run: what a ticket of these contents would meet if it were redeemed now. */
export const CheckInput = z.object({
  /** The slice, where it is known: whether the owner lets it in, and whether it has a sliver there already. */
  slice: urn.optional(),
  resources: ResourceVectorSchema,
  /** Lease term [start, start + duration). Epoch seconds; now when left out. */
  start: z.int().min(0).max(10_000_000_000).optional(),
  durationSeconds: z.int().min(1).max(315_360_000),
  graceSeconds: z.int().min(0).max(2_592_000).default(0),
});
export type CheckInput = z.infer<typeof CheckInput>;

export const CheckOutput = z.object({
  at: isoTime,
  /** A ticket of these contents would be admitted at this instant. */
  fits: z.boolean(),
  /** Why not. */
  reason: ReasonSchema.nullable(),
  /** The first start, neither before the asked one nor before now, at which there is room for as long; null when waiting does not help. */
  earliest: isoTime.nullable(),
  /** What would fit over the very time that was asked for, of all resources together; null when nothing would. */
  room: HardAmountsSchema.nullable(),
});
export type CheckOutput = z.infer<typeof CheckOutput>;
