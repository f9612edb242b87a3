import { z } from 'zod';

const text = (max: number) =>
  z
    .string()
    .max(max)
    .refine((value) => !value.includes('\0') && value.isWellFormed(), 'holds NUL or half a surrogate pair');

/** A part of the resource vector that a node's host does not hold slivers to. */
export const Unenforced = z.object({
  resource: z.enum(['cpuMilli', 'cpuShare', 'memoryMiB', 'diskMiB', 'networkKbps', 'networkShare', 'pidsMax']),
  why: text(500),
});
export type Unenforced = z.infer<typeof Unenforced>;

/** How a node keeps slivers to their amounts: what it cannot, and what a limited disk costs there. */
export const Enforcement = z.object({
  unenforced: z.array(Unenforced).max(16),
  disk: z.object({ kind: text(32), cost: text(200) }).nullable(),
});
export type Enforcement = z.infer<typeof Enforcement>;
export const NOTHING_SAID: Enforcement = { unenforced: [], disk: null };
