import { z } from 'zod';
import { Refused } from '@/core/errors';
import '@/protocol/plain-problems';
import { AGENT_NAME } from '@/protocol/pki/names';
import { parseSealKey } from '@/protocol/seal';

const address = z.string().regex(/^[^\s/]{1,250}:\d{1,5}$/, 'must be host:port');

const Environment = z.object({
  DATABASE_URL: z
    .string({ error: 'is missing: set it to postgresql://user:password@host:port/database' })
    .regex(/^postgres(ql)?:\/\//, 'must start with postgresql://'),
  MERIDIAN_SEAL_KEY: z.string({ error: 'is missing: set it to 32 random bytes as base64url' }).transform(parseSealKey),
  MERIDIAN_AUTHORITY: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/, 'may hold letters, digits, dots and hyphens, at most 64')
    .default('meridian'),
  MERIDIAN_AGENT_NAME: z
    .union([z.literal(''), z.string().regex(AGENT_NAME)], {
      error: 'must begin with a letter and hold lower-case letters, digits and hyphens, at most 31',
    })
    .default(''),
  MERIDIAN_DATA: z.string().min(1).default('.data'),
  MERIDIAN_AGENT_DATA: z.string().min(1).optional(),
  MERIDIAN_AGENT_LISTEN: address.default('127.0.0.1:7420'),
  MERIDIAN_AGENT_ADDRESS: address.optional(),
  MERIDIAN_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

export type AgentEnvironment = {
  databaseUrl: string;
  sealKey: Buffer;
  authority: string;
  /** Of one of a deployment's further agents; null: its first. */
  name: string | null;
  /** Where the agent's identity key lives. */
  dataDir: string;
  listen: { host: string; port: number };
  /** "host:port" that nodes and service managers dial. */
  address: string;
  logLevel: string;
};

/** Decodes the agent's environment. Throws Refused CONFIG_INVALID that names the variable and never shows its value. */
export function parseAgentEnvironment(source: Record<string, string | undefined>): AgentEnvironment {
  const parsed = Environment.safeParse(source);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Refused('CONFIG_INVALID', {
      variable: issue?.path.join('.') || 'environment',
      problem: issue?.message ?? 'not understood',
    });
  }
  const env = parsed.data;
  const name = env.MERIDIAN_AGENT_NAME || null;
  const colon = env.MERIDIAN_AGENT_LISTEN.lastIndexOf(':');
  const host = env.MERIDIAN_AGENT_LISTEN.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  const port = Number(env.MERIDIAN_AGENT_LISTEN.slice(colon + 1));
  if (port > 65_535)
    throw new Refused('CONFIG_INVALID', { variable: 'MERIDIAN_AGENT_LISTEN', problem: 'has no such port' });
  return {
    databaseUrl: env.DATABASE_URL,
    sealKey: env.MERIDIAN_SEAL_KEY,
    authority: env.MERIDIAN_AUTHORITY,
    name,
    dataDir: env.MERIDIAN_AGENT_DATA ?? `${env.MERIDIAN_DATA}/agent${name ? `-${name}` : ''}`,
    listen: { host, port },
    address: env.MERIDIAN_AGENT_ADDRESS ?? env.MERIDIAN_AGENT_LISTEN,
    logLevel: env.MERIDIAN_LOG_LEVEL,
  };
}
