import { z } from 'zod';
import { Refused } from '@/core/errors';
import { MAX_LEASE_SECONDS } from '@/core/lease/term';
import { OPEN_POLICY, type OwnerPolicy, policyWords } from '@/core/node/owner-policy';
import { ADMIN_SWITCHES } from '@/core/node/state';
import '../plain-problems';
import { HardAmountsSchema } from '../resources';

/** The owner's policy as its file on the machine says it. Every field may be left out; an unknown one is a mistake. */

const MAX_PATTERNS = 1000;
/** A file that is longer is none of ours. */
export const MAX_POLICY_BYTES = 262_144;

const pattern = z
  .string()
  .min(1)
  .max(256)
  .regex(/^[A-Za-z0-9.+:_@*-]+$/, 'holds a character that is in no URN');
const AllowList = z
  .strictObject({
    allow: z.array(pattern).max(MAX_PATTERNS).default([]),
    bar: z.array(pattern).max(MAX_PATTERNS).default([]),
  })
  .default({ allow: [], bar: [] });
const port = z.int().min(1024).max(65_535);

export const PolicyFile = z.strictObject({
  reserve: z
    .strictObject(HardAmountsSchema.partial().shape)
    .default({})
    .transform((some) => ({ ...OPEN_POLICY.reserve, ...some })),
  slices: AllowList,
  sites: AllowList,
  ports: z
    .strictObject({ from: port, to: port })
    .refine(({ from, to }) => from <= to, { path: ['to'], message: 'is below the first port' })
    .nullable()
    .default(OPEN_POLICY.ports),
  maxSlivers: z.int().min(0).max(100_000).nullable().default(null),
  maxTermSeconds: z.int().min(60).max(MAX_LEASE_SECONDS).nullable().default(null),
  adminSwitch: z.enum(ADMIN_SWITCHES).default('open'),
  agents: z
    .array(
      z.strictObject({
        agent: pattern,
        shareMilli: z.int().min(1).max(1000).default(1000),
        degreeMilli: z.int().min(1000).max(100_000).default(1000),
      }),
    )
    .max(64)
    .nullable()
    .default(null),
});

/**
 * The policy that a file's text says. Throws Refused INVALID_INPUT naming the field, such as `reserve.memoryMiB`, with what is
 * wrong with it.
 */
export function parsePolicy(text: string): OwnerPolicy {
  const no = (field: string, problem: string, cause?: unknown) =>
    new Refused('INVALID_INPUT', { field, problem }, { cause });
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) throw no('policy', `is longer than ${MAX_POLICY_BYTES} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw no('policy', `is not JSON: ${cause instanceof Error ? cause.message : 'not understood'}`, cause);
  }
  const read = PolicyFile.safeParse(json);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  const path = issue?.path.map(String).join('.') ?? '';
  if (issue?.code === 'unrecognized_keys')
    throw no([path, issue.keys[0]].filter(Boolean).join('.'), 'there is no such field');
  throw no(path || 'policy', issue?.message ?? 'not understood');
}

/** What a node tells others of its owner's policy, with heartbeats and its status. */
export const PolicyView = z.object({
  /** The owner's own switch; the deployment's may be stricter. */
  adminSwitch: z.enum(ADMIN_SWITCHES),
  /** In sentences. */
  words: z.array(z.string().max(2000)).max(16),
  /** Set while the file cannot be used: what is wrong with it. The last good one holds meanwhile. */
  problem: z.string().max(1000).nullable(),
});
export type PolicyView = z.infer<typeof PolicyView>;

export function policyView(policy: OwnerPolicy, problem: string | null): PolicyView {
  const words = policyWords(policy).map((text) => text.slice(0, 2000));
  return { adminSwitch: policy.adminSwitch, words, problem: problem?.slice(0, 1000) ?? null };
}
