import pino from 'pino';
import { Refused } from '@/core/errors';
import { REFUSAL_MAP } from '@/core/errors-map';
import { startAgent } from './agent';
import { parseAgentEnvironment } from './environment';

/** The agent's program: `node --import tsx agent/main.ts`. Logs JSON lines; ends cleanly on SIGTERM, SIGINT and a lost supervisor. */
const log = pino({ base: { program: 'agent' }, level: process.env.MERIDIAN_LOG_LEVEL ?? 'info', messageKey: 'msg' });

try {
  const env = parseAgentEnvironment(process.env);
  const agent = await startAgent({ ...env, log });
  let ending = false;
  const end = (why: string) => {
    if (ending) return;
    ending = true;
    log.info({ why }, 'ending');
    agent.close().then(
      () => process.exit(0),
      (err: unknown) => {
        log.error({ err }, 'did not end cleanly');
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(signal));
  if (process.env.MERIDIAN_SUPERVISED === '1') process.on('disconnect', () => end('the supervisor is gone'));
  log.info({ urn: agent.urn, jkt: agent.key.jkt, address: agent.address, port: agent.port }, 'ready');
} catch (err) {
  if (err instanceof Refused && err.code === 'CONFIG_INVALID') {
    log.fatal({ code: err.code, ...err.facts }, `${String(err.facts.variable)} ${String(err.facts.problem)}`);
    process.exit(REFUSAL_MAP.CONFIG_INVALID.exit);
  }
  log.fatal({ err }, sentence(err));
  process.exit(1);
}

/** One clear sentence for what commonly keeps an agent from starting. */
function sentence(err: unknown): string {
  const code = err instanceof Error && 'code' in err ? err.code : null;
  if (code === 'EADDRINUSE') return `the port in MERIDIAN_AGENT_LISTEN is in use`;
  if (code === '23505')
    return 'another agent of this deployment has the same key: give this one a data folder of its own';
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND') return 'no database answers at DATABASE_URL';
  return 'the agent could not start';
}
