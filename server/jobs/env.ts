import { z } from 'zod';
import { parseSealKey } from '@/protocol/seal';
import { DatabaseEnvironment } from '@/server/env';

const count = (least: number, most: number, otherwise: number) =>
  z.coerce
    .number({ error: `must be a number from ${least} to ${most}` })
    .int()
    .min(least)
    .max(most)
    .default(otherwise);

/** What the worker reads from the environment. */
export const WorkerEnvironment = DatabaseEnvironment.extend({
  MERIDIAN_SEAL_KEY: z.string({ error: 'is missing: set it to 32 random bytes as base64url' }).transform(parseSealKey),
  MERIDIAN_AGENT_ADDRESS: z.string().max(300).default('localhost:7420'),
  /** Slivers that are being made or taken down at once. */
  MERIDIAN_WORKER_CONCURRENCY: count(1, 1000, 96),
  /** Seconds between looks for what was lost or came back. */
  MERIDIAN_REPAIR_SECONDS: count(1, 3600, 5),
  MERIDIAN_SUPERVISED: z.enum(['0', '1']).default('0'),
});
export type WorkerEnvironment = z.infer<typeof WorkerEnvironment>;
