import { z } from 'zod';
import { Refused } from '@/core/errors';
import '@/protocol/plain-problems';

/** What web and worker read from the environment. Every program parses its own part once, at start. */
export const DatabaseEnvironment = z.object({
  DATABASE_URL: z
    .string({ error: 'is missing: set it to postgresql://user:password@host:port/database' })
    .regex(/^postgres(ql)?:\/\//, 'must start with postgresql://'),
  MERIDIAN_AUTHORITY: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/, 'may hold letters, digits, dots and hyphens, at most 64')
    .default('meridian'),
  MERIDIAN_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

export const WebEnvironment = DatabaseEnvironment.extend({
  MERIDIAN_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address like https://meridian.example.org' })
    .default('http://localhost:3000')
    .transform((text) => new URL(text).origin),
  BETTER_AUTH_SECRET: z
    .string({ error: 'is missing: set it to at least 32 random characters' })
    .min(32, 'must be at least 32 random characters'),
  MERIDIAN_AGENT_ADDRESS: z.string().max(300).default('localhost:7420'),
  /** Proxies in front whose X-Forwarded-For is believed: addresses or CIDR ranges, separated by commas. */
  MERIDIAN_TRUSTED_PROXIES: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .pipe(
      z.array(
        z.union(
          [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()],
          'must be addresses or ranges like 10.0.0.0/8, separated by commas',
        ),
      ),
    ),
});
export type WebEnvironment = z.infer<typeof WebEnvironment>;
export type DatabaseEnvironment = z.infer<typeof DatabaseEnvironment>;

/**
 * Decodes `source` with `schema`. Values never travel in the error, only the variable's name and what is wrong.
 * @throws Refused CONFIG_INVALID {variable, problem}
 */
export function parseEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  source: Record<string, string | undefined> = process.env,
): z.infer<Schema> {
  const parsed = schema.safeParse(source);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const variable = issue?.path.map(String).join('.') || 'environment';
  throw new Refused('CONFIG_INVALID', { variable, problem: issue?.message ?? 'not understood' });
}

let web: WebEnvironment | undefined;

/** The web program's environment, parsed at first use. @throws Refused CONFIG_INVALID */
export function webEnvironment(): WebEnvironment {
  web ??= parseEnvironment(WebEnvironment);
  return web;
}

/** The URN authority of this deployment; also for programs that need nothing else of the environment. */
export function urnAuthority(): string {
  return parseEnvironment(DatabaseEnvironment.pick({ MERIDIAN_AUTHORITY: true })).MERIDIAN_AUTHORITY;
}
