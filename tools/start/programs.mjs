// @ts-check
// The programs of a system on one machine, each with what it is told. Production runs each by itself with the same
// variables (docs/operations.md).
import { join } from 'node:path';

/**
 * Files of the data folder that programs and the seed share.
 *
 * @param {string} data
 */
export function dataFiles(data) {
  return {
    /** Accounts of the demo: { accounts: [{ role, name, email, password }] }; written by the seed. */
    demo: join(data, 'demo.json'),
    /** Where the CLI finds the address and the token of the demo's operator. */
    cli: join(data, 'cli.json'),
    /** Enrolment token of this machine's node. */
    nodeToken: join(data, 'this-machine.token'),
    /** The simulator's nodes. */
    manifest: join(data, 'simulator.jsonl'),
    /** What runs now, for the next start, tests and benches. */
    running: join(data, 'running.json'),
  };
}

/**
 * What every program of this system is told.
 *
 * @param {import('./settings.mjs').Settings} settings
 * @param {string} databaseUrl
 * @returns {Record<string, string>}
 */
export function sharedEnvironment(settings, databaseUrl) {
  const files = dataFiles(settings.data);
  return {
    MERIDIAN_DATA: settings.data,
    MERIDIAN_AUTHORITY: settings.authority,
    // Less than this and we would not see "ready"; what a person sees is filtered by the supervisor.
    MERIDIAN_LOG_LEVEL: ['trace', 'debug'].includes(settings.logLevel) ? settings.logLevel : 'info',
    MERIDIAN_URL: settings.url,
    MERIDIAN_SEAL_KEY: settings.secrets.sealKey,
    BETTER_AUTH_SECRET: settings.secrets.authSecret,
    DATABASE_URL: databaseUrl,
    MERIDIAN_AGENT_LISTEN: settings.listen.agent,
    MERIDIAN_AGENT_ADDRESS: process.env.MERIDIAN_AGENT_ADDRESS || settings.listen.agent,
    MERIDIAN_NODE_TOKEN_FILE: files.nodeToken,
    MERIDIAN_NODE_LISTEN: settings.listen.node,
    MERIDIAN_SIMULATOR_MANIFEST: files.manifest,
    MERIDIAN_SIMULATOR_LISTEN: settings.listen.simulator,
  };
}

/**
 * In the order in which they start; they stop in the reverse. Without a `build`, pages are compiled as they are asked for.
 *
 * @param {import('./settings.mjs').Settings} settings
 * @param {Record<string, string>} shared
 * @param {{ build: string | undefined, driver: string, withNode: boolean, withSimulator: boolean }} choice
 * @returns {import('./program.mjs').ProgramSpec[]}
 */
export function programs(settings, shared, choice) {
  const { data } = settings;
  const only = (/** @type {string[]} */ ...names) =>
    Object.fromEntries(Object.entries(shared).filter(([name]) => names.includes(name)));
  // A program holds the secrets that it needs and no others. Empty hides what our own environment may hold.
  const none = { DATABASE_URL: '', MERIDIAN_SEAL_KEY: '', BETTER_AUTH_SECRET: '' };
  const all = { ...none, ...only('MERIDIAN_DATA', 'MERIDIAN_AUTHORITY', 'MERIDIAN_LOG_LEVEL') };
  return [
    {
      name: 'agent',
      main: 'agent/main.ts',
      stopMs: 8_000,
      env: {
        ...all,
        ...only('DATABASE_URL', 'MERIDIAN_SEAL_KEY', 'MERIDIAN_AGENT_LISTEN', 'MERIDIAN_AGENT_ADDRESS'),
        MERIDIAN_AGENT_DATA: join(data, 'agent'),
      },
    },
    ...(choice.withNode
      ? [
          {
            name: 'node',
            main: 'node-manager/main.ts',
            stopMs: 30_000,
            env: {
              ...all,
              ...only('MERIDIAN_NODE_LISTEN', 'MERIDIAN_NODE_TOKEN_FILE'),
              MERIDIAN_NODE_DATA: join(data, 'node'),
              MERIDIAN_NODE_DRIVER: choice.driver,
              MERIDIAN_NODE_STOP_SLIVERS_ON_EXIT: '1',
            },
          },
        ]
      : []),
    ...(choice.withSimulator
      ? [
          {
            name: 'simulator',
            main: 'node-manager/simulator.ts',
            stopMs: 10_000,
            env: {
              ...all,
              ...only('MERIDIAN_SIMULATOR_LISTEN', 'MERIDIAN_SIMULATOR_MANIFEST'),
              MERIDIAN_SIMULATOR_DATA: join(data, 'simulator'),
            },
          },
        ]
      : []),
    {
      name: 'worker',
      main: 'server/jobs/main.ts',
      stopMs: 15_000,
      env: { ...all, ...only('DATABASE_URL', 'MERIDIAN_SEAL_KEY', 'MERIDIAN_AGENT_ADDRESS', 'MERIDIAN_URL') },
    },
    {
      name: 'web',
      main: 'server/web.ts',
      stopMs: 8_000,
      env: {
        ...all,
        ...only('DATABASE_URL', 'MERIDIAN_SEAL_KEY', 'BETTER_AUTH_SECRET', 'MERIDIAN_AGENT_ADDRESS', 'MERIDIAN_URL'),
        PORT: String(settings.port),
        MERIDIAN_HOST: settings.host,
        ...(choice.build ? { NODE_ENV: 'production', NEXT_DIST_DIR: choice.build } : { NODE_ENV: 'development' }),
        NEXT_TELEMETRY_DISABLED: '1',
      },
    },
  ];
}
