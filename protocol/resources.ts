import { z } from 'zod';

/** Wire form of core's ResourceVector. Every amount is a bounded whole number. */
export const HardAmountsSchema = z.object({
  cpuMilli: z.int().min(0).max(1_024_000),
  memoryMiB: z.int().min(0).max(16_777_216),
  diskMiB: z.int().min(0).max(1_073_741_824),
  networkKbps: z.int().min(0).max(400_000_000),
});

export const ResourceVectorSchema = HardAmountsSchema.extend({
  cpuShare: z.int().min(1).max(1000),
  networkShare: z.int().min(1).max(1000),
  pidsMax: z.int().min(16).max(32_768),
  image: z.string().regex(/^[a-z0-9][a-z0-9._:-]{0,127}$/),
  profile: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/),
});

/** What a sliver gets when the request says nothing else. */
export const DEFAULT_RESOURCES: z.infer<typeof ResourceVectorSchema> = {
  cpuMilli: 100,
  memoryMiB: 128,
  diskMiB: 512,
  networkKbps: 1_000,
  cpuShare: 100,
  networkShare: 100,
  pidsMax: 256,
  image: 'tiny',
  profile: 'standard',
};
