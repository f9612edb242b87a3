import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import '@/protocol/plain-problems';
import { HardAmountsSchema } from '@/protocol/resources';
import { RELAYED } from '@/protocol/transport/relay';
import { parsePorts } from './ssh/ports';

const hostPort = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, 'must be host:port');
const flag = z
  .enum(['0', '1', ''])
  .default('0')
  .transform((v) => v === '1');
const json = z.string().transform((text, ctx) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    ctx.addIssue({ code: 'custom', message: 'must be JSON' });
    return z.NEVER;
  }
});
const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info');

const NodeEnv = z.object({
  MERIDIAN_DATA: z.string().min(1).default('.data'),
  MERIDIAN_LOG_LEVEL: logLevel,
  MERIDIAN_SUPERVISED: flag,
  MERIDIAN_NODE_DATA: z.string().min(1).optional(),
  MERIDIAN_NODE_LISTEN: hostPort.default('127.0.0.1:7430'),
  MERIDIAN_NODE_ADDRESS: z
    .union([z.literal(RELAYED), hostPort], { error: `must be host:port or ${RELAYED}` })
    .optional(),
  MERIDIAN_NODE_TOKEN: z.string().optional(),
  MERIDIAN_NODE_TOKEN_FILE: z.string().optional(),
  MERIDIAN_NODE_METRICS_LISTEN: z.union([z.literal(''), hostPort]).default(''),
  MERIDIAN_NODE_DRIVER: z.enum(['auto', 'oci', 'simulated']).default('auto'),
  MERIDIAN_NODE_STOP_SLIVERS_ON_EXIT: flag,
  MERIDIAN_NODE_HEARTBEAT_MS: z.coerce.number().int().min(100).max(60_000).default(10_000),
  MERIDIAN_NODE_NAMESERVERS: z
    .string()
    .default('')
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .pipe(z.array(z.union([z.ipv4(), z.ipv6()])).max(3)),
  MERIDIAN_NODE_SSH_PORTS: z
    .string()
    .default('22000-22999')
    .refine((text) => text === 'off' || parsePorts(text) !== null, 'must be a range like 22000-22999, or off')
    .transform(parsePorts),
  MERIDIAN_NODE_FLOWS_MIB: z.coerce.number().int().min(1).max(65_536).default(64),
  MERIDIAN_NODE_FLOWS_DAYS: z.coerce.number().int().min(1).max(3650).default(30),
  MERIDIAN_NODE_CAPACITY: json.pipe(HardAmountsSchema).optional(),
  MERIDIAN_NODE_IMAGES: z.string().min(1).optional(),
  MERIDIAN_NODE_MIRROR: z.string().optional(),
  MERIDIAN_NODE_BUILD_BASE: z.enum(['0', '1', '']).default('1'),
  MERIDIAN_NODE_RUN: z.string().min(1).default('/run/meridian/journals'),
});

const SimulatorEnv = z.object({
  MERIDIAN_DATA: z.string().min(1).default('.data'),
  MERIDIAN_LOG_LEVEL: logLevel,
  MERIDIAN_SUPERVISED: flag,
  MERIDIAN_SIMULATOR_DATA: z.string().min(1).optional(),
  MERIDIAN_SIMULATOR_LISTEN: hostPort.default('127.0.0.1:7440'),
  MERIDIAN_SIMULATOR_ADDRESS: hostPort.optional(),
  MERIDIAN_NODE_HEARTBEAT_MS: z.coerce.number().int().min(100).max(60_000).default(10_000),
  MERIDIAN_SIMULATOR_MANIFEST: z.string().min(1),
});

export type Environment = Record<string, string | undefined>;

/** One real node's settings. Throws Refused CONFIG_INVALID naming the variable. */
export function nodeEnv(env: Environment) {
  const e = parse(NodeEnv, env);
  return {
    data: e.MERIDIAN_NODE_DATA ?? `${e.MERIDIAN_DATA}/node`,
    images: e.MERIDIAN_NODE_IMAGES ?? null,
    mirror: e.MERIDIAN_NODE_MIRROR || null,
    buildBase: e.MERIDIAN_NODE_BUILD_BASE !== '0',
    listen: e.MERIDIAN_NODE_LISTEN,
    address: e.MERIDIAN_NODE_ADDRESS ?? e.MERIDIAN_NODE_LISTEN,
    token: e.MERIDIAN_NODE_TOKEN || tokenFrom(e.MERIDIAN_NODE_TOKEN_FILE),
    metricsListen: e.MERIDIAN_NODE_METRICS_LISTEN || null,
    driver: e.MERIDIAN_NODE_DRIVER,
    stopSliversOnExit: e.MERIDIAN_NODE_STOP_SLIVERS_ON_EXIT,
    heartbeatMs: e.MERIDIAN_NODE_HEARTBEAT_MS,
    nameservers: e.MERIDIAN_NODE_NAMESERVERS,
    flows: { bytes: e.MERIDIAN_NODE_FLOWS_MIB * 1_048_576, ageMs: e.MERIDIAN_NODE_FLOWS_DAYS * 86_400_000 },
    /** Ports for ssh into slivers, one each; null for none. */
    sshPorts: e.MERIDIAN_NODE_SSH_PORTS,
    run: e.MERIDIAN_NODE_RUN,
    capacity: e.MERIDIAN_NODE_CAPACITY ?? null,
    logLevel: e.MERIDIAN_LOG_LEVEL,
    supervised: e.MERIDIAN_SUPERVISED,
  };
}

/** A simulator's settings. Throws Refused CONFIG_INVALID naming the variable. */
export function simulatorEnv(env: Environment) {
  const e = parse(SimulatorEnv, env);
  return {
    data: e.MERIDIAN_SIMULATOR_DATA ?? `${e.MERIDIAN_DATA}/simulator`,
    listen: e.MERIDIAN_SIMULATOR_LISTEN,
    address: e.MERIDIAN_SIMULATOR_ADDRESS ?? e.MERIDIAN_SIMULATOR_LISTEN,
    heartbeatMs: e.MERIDIAN_NODE_HEARTBEAT_MS,
    manifest: e.MERIDIAN_SIMULATOR_MANIFEST,
    logLevel: e.MERIDIAN_LOG_LEVEL,
    supervised: e.MERIDIAN_SUPERVISED,
  };
}

function parse<T extends z.ZodType>(schema: T, env: Environment): z.infer<T> {
  const result = schema.safeParse(env);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const [variable, ...rest] = issue?.path.map(String) ?? [];
  const problem = rest.length > 0 ? `${rest.join('.')}: ${issue?.message}` : (issue?.message ?? 'not understood');
  throw new Refused('CONFIG_INVALID', { variable: variable ?? 'environment', problem });
}

/** The token in the file; null without one: an enrolled node needs none. */
function tokenFrom(path: string | undefined): string | null {
  if (!path) return null;
  try {
    return readFileSync(path, 'utf8').trim() || null;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    throw new Refused(
      'CONFIG_INVALID',
      { variable: 'MERIDIAN_NODE_TOKEN_FILE', problem: `cannot be read: ${path}` },
      { cause },
    );
  }
}
