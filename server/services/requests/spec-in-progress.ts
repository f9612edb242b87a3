import { z } from 'zod';
import { SliceSpec } from '@/protocol/api/slice';

/** A SliceSpec while it is being filled in: name and reason may still be empty or wrong. */
export const SpecInProgress = SliceSpec.extend({ shortName: z.string().max(200), reason: z.string().max(4000) });
export type SpecInProgress = z.infer<typeof SpecInProgress>;
