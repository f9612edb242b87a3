import { z } from 'zod';
import { MAX_LEASE_SECONDS } from '@/core/lease/term';
import { CheckOutput } from '../node-manager/check';
import { isoTime } from '../node-manager/schemas';
import { ResourceVectorSchema } from '../resources';
import * as c from './common';
import { ByName } from './slice';

/** fleet router: check NodeCheckRequest → NodeCheckAnswer (every signed-in person; a slice that one may see) */
export const NodeCheckRequest = z.object({
  id: c.Id,
  /** Name of a slice. */
  slice: ByName.shape.name.optional(),
  seconds: z.int().min(60).max(MAX_LEASE_SECONDS),
  /** Now when left out. */
  start: isoTime.optional(),
  /** What is left out is what a sliver gets that asks for nothing. */
  ...ResourceVectorSchema.pick({
    cpuMilli: true,
    memoryMiB: true,
    diskMiB: true,
    networkKbps: true,
    image: true,
  }).partial().shape,
});
export const NodeCheckAnswer = CheckOutput.extend({ node: z.string() });
export type NodeCheckAnswer = z.infer<typeof NodeCheckAnswer>;
