import { z } from 'zod';
import type { GrantingPolicy } from '@/core/granting/policy';

/** An agent's granting policy as it is stored and as people choose it. */

const MAX_SITES = 500;
/** A login base, or `<authority>:<login base>` of another deployment's site. */
const Site = z.string().regex(/^([A-Za-z0-9.-]{1,64}:)?[A-Za-z0-9._-]{1,64}$/, 'is not the name of a site');
const Limit = z.int().min(0).max(1_000_000_000);
const SiteQuota = z
  .strictObject({
    slivers: Limit.optional(),
    cpuMilli: Limit.optional(),
    memoryMiB: Limit.optional(),
    diskMiB: Limit.optional(),
    networkKbps: Limit.optional(),
  })
  .transform((quota) => Object.fromEntries(Object.entries(quota).filter(([, limit]) => limit !== undefined)));
const Weight = z.int().min(0).max(1000);
const WaitSeconds = z.int().min(60).max(604_800).default(3600);
const few = (of: object) => Object.keys(of).length <= MAX_SITES;
const tooMany = `names more than ${MAX_SITES} sites`;

export const PolicyChoice = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('first-come') }),
  z.strictObject({ kind: z.literal('fair-share'), waitSeconds: WaitSeconds }),
  z.strictObject({
    kind: z.literal('quota'),
    each: SiteQuota.default({}),
    sites: z.record(Site, SiteQuota).refine(few, tooMany).default({}),
  }),
  z.strictObject({
    kind: z.literal('lottery'),
    weight: Weight.default(1),
    sites: z.record(Site, Weight).refine(few, tooMany).default({}),
    /** Left out: one is drawn. Who knows it can draw the lots ahead. */
    seed: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,64}$/, 'may hold letters, digits, - and _, at most 64')
      .optional(),
    drawSeconds: z.int().min(10).max(86_400).default(600),
    waitSeconds: WaitSeconds,
  }),
]);
export type PolicyChoice = z.infer<typeof PolicyChoice>;

/** What a row says; one that a newer version wrote and this one does not know is first come. */
export function storedPolicy(json: unknown): GrantingPolicy {
  const read = PolicyChoice.safeParse(json);
  if (!read.success) return { kind: 'first-come' };
  return withSeed(read.data, '');
}

/** The choice with its seed, or with this one where it has none. */
export function withSeed(choice: PolicyChoice, seed: string): GrantingPolicy {
  return choice.kind === 'lottery' ? { ...choice, seed: choice.seed ?? seed } : choice;
}
