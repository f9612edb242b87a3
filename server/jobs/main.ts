import { Refused } from '@/core/errors';
import { parseEnvironment } from '@/server/env';
import { programLog } from '@/server/log';
import { openServiceManager } from '@/server/service-manager/service-manager';
import { WorkerEnvironment } from './env';
import { startSealing } from './sealing';
import { startWorker } from './worker';

/** The worker program: the service manager's jobs. Any number may run; one that dies is taken over within seconds. */
const log = programLog('worker');

async function main(): Promise<void> {
  const env = parseEnvironment(WorkerEnvironment);
  const worker = await startWorker({
    databaseUrl: env.DATABASE_URL,
    log,
    concurrency: env.MERIDIAN_WORKER_CONCURRENCY,
    repairSeconds: env.MERIDIAN_REPAIR_SECONDS,
    callers: (pool) =>
      openServiceManager({
        db: pool,
        sealKey: env.MERIDIAN_SEAL_KEY,
        authority: env.MERIDIAN_AUTHORITY,
        agentAddress: env.MERIDIAN_AGENT_ADDRESS,
      }),
  });
  const sealing = startSealing({ databaseUrl: env.DATABASE_URL, sealKey: env.MERIDIAN_SEAL_KEY, log });
  const stop = (why: string) => {
    log.info({ why }, 'stopping');
    setTimeout(() => process.exit(1), 15_000).unref();
    Promise.all([worker.stop(), sealing.stop()]).then(
      () => process.exit(0),
      (err: unknown) => {
        log.error({ err }, 'could not stop in order');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
  if (env.MERIDIAN_SUPERVISED === '1') process.once('disconnect', () => stop('the supervisor is gone'));
  log.info({ workers: worker.ids, concurrency: env.MERIDIAN_WORKER_CONCURRENCY }, 'ready');
  await worker.ended;
}

main().catch((err: unknown) => {
  if (err instanceof Refused && err.code === 'CONFIG_INVALID') {
    log.fatal(`${String(err.facts.variable)} ${String(err.facts.problem)}`);
    process.exit(78);
  }
  log.fatal({ err }, 'the worker ended');
  process.exit(1);
});
