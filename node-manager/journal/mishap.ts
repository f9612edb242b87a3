import { z } from 'zod';

/** Why a node's memory cannot be believed to be whole. */
export const MISHAPS = ['lost', 'damaged', 'rolled-back', 'by-hand'] as const;
export const Mishap = z.object({
  why: z.enum(MISHAPS),
  /** What was seen, in words. */
  problem: z.string(),
  /** The folder in which the old journal is kept; null where there is none. */
  aside: z.string().nullable(),
  /** When it was noticed, epoch ms. */
  at: z.int(),
});
export type Mishap = z.infer<typeof Mishap>;
