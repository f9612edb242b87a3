// @ts-check
// What this start is told by its environment, and the secrets of its data folder.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { ROOT } from './install.mjs';
import { Unable } from './unable.mjs';

const port = z.coerce
  .number({ error: 'must be a port number' })
  .int('must be a port number')
  .min(1, 'must be from 1 to 65535')
  .max(65535, 'must be from 1 to 65535');
const listen = (/** @type {number} */ standard) =>
  z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'must be host:port')
    .default(`127.0.0.1:${standard}`);

const Environment = z.object({
  PORT: port.default(3000),
  MERIDIAN_HOST: z.string().min(1).default('127.0.0.1'),
  MERIDIAN_URL: z
    .url({ protocol: /^https?$/, error: 'must be an address like https://meridian.example.org' })
    .optional(),
  MERIDIAN_DATA: z.string().min(1).default(join(ROOT, '.data')),
  MERIDIAN_AUTHORITY: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/, 'may hold letters, digits, dots and hyphens, at most 64')
    .default('meridian'),
  MERIDIAN_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  MERIDIAN_AGENT_LISTEN: listen(7420),
  MERIDIAN_NODE_LISTEN: listen(7430),
  MERIDIAN_SIMULATOR_LISTEN: listen(7440),
  MERIDIAN_POSTGRES_PORT: port.optional(),
  MERIDIAN_NODE_DRIVER: z.enum(['auto', 'oci', 'simulated']).optional(),
  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgresql://')
    .refine((text) => URL.canParse(text), 'is not a valid address')
    .optional(),
});

/**
 * @typedef {object} Settings
 * @property {number} port
 * @property {string} host What the web server listens on.
 * @property {string} url Where people find it.
 * @property {string} data The data folder, absolute.
 * @property {string} authority
 * @property {string} logLevel
 * @property {{ agent: string, node: string, simulator: string }} listen
 * @property {number | undefined} postgresPort
 * @property {'auto' | 'oci' | 'simulated' | undefined} driver
 * @property {string | undefined} databaseUrl
 * @property {{ sealKey: string, authSecret: string, postgresPassword: string }} secrets
 */

/**
 * Decodes the environment and opens the data folder.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {Settings}
 */
export function readSettings(environment) {
  // An empty variable is one that nobody set.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Unable(78, `${issue?.path.join('.')} ${issue?.message}.`);
  }
  const env = parsed.data;
  const data = resolve(env.MERIDIAN_DATA);
  try {
    // Others may pass through (the database's account does) but not list; what is secret in it has mode 0600.
    mkdirSync(data, { recursive: true, mode: 0o711 });
  } catch (error) {
    throw new Unable(78, `MERIDIAN_DATA: ${data} cannot be made (${code(error)}).`);
  }
  return {
    port: env.PORT,
    host: env.MERIDIAN_HOST,
    url: env.MERIDIAN_URL ?? `http://localhost:${env.PORT}`,
    data,
    authority: env.MERIDIAN_AUTHORITY,
    logLevel: env.MERIDIAN_LOG_LEVEL,
    listen: {
      agent: env.MERIDIAN_AGENT_LISTEN,
      node: env.MERIDIAN_NODE_LISTEN,
      simulator: env.MERIDIAN_SIMULATOR_LISTEN,
    },
    postgresPort: env.MERIDIAN_POSTGRES_PORT,
    driver: env.MERIDIAN_NODE_DRIVER,
    databaseUrl: env.DATABASE_URL,
    secrets: openSecrets(data),
  };
}

const Secrets = z.object({
  sealKey: z.string().min(40),
  authSecret: z.string().min(32),
  postgresPassword: z.string().min(16),
});

/** Reads the deployment's secrets, making them at the first start. They stand in no log and no output. @param {string} data */
function openSecrets(data) {
  const file = join(data, 'secrets.json');
  if (!existsSync(file)) {
    const made = {
      sealKey: randomBytes(32).toString('base64url'),
      authSecret: randomBytes(32).toString('base64url'),
      postgresPassword: randomBytes(24).toString('base64url'),
    };
    writePrivate(file, made);
    return made;
  }
  try {
    chmodSync(file, 0o600);
    return Secrets.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Unable(
      78,
      `${file} cannot be used (${code(error)}). Bring it back from a backup: without it the data cannot be read.`,
    );
  }
}

/**
 * Writes JSON that only its owner may read, whole or not at all.
 *
 * @param {string} file
 * @param {unknown} value
 */
export function writePrivate(file, value) {
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(partial, file);
}

/** @param {unknown} error */
function code(error) {
  if (error instanceof z.ZodError) return 'its contents are not what they were';
  const { code } = /** @type {{ code?: string }} */ (error);
  return code ?? String(error);
}
