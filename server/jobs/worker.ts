import { EventEmitter, setMaxListeners } from 'node:events';
import { Logger, makeWorkerUtils, type Runner, run, type TaskList } from 'graphile-worker';
import type pg from 'pg';
import { enqueueLook } from '@/server/data/deploy/again';
import { openPool } from '@/server/data/pool';
import type { Log } from '@/server/log';
import { type Callers, deployContext, type Limits } from '@/server/services/deploy/context';
import { Liveness } from './liveness';
import { controlTasks, sliverTasks } from './tasks';

export type WorkerOptions = {
  databaseUrl: string;
  log: Log;
  /** Made with the worker's own pool, so that its identity is read and kept there. */
  callers: (pool: pg.Pool) => Promise<Callers & { close(): Promise<void> }>;
  /** Slivers made or taken down at once. */
  concurrency: number;
  repairSeconds: number;
  limits?: Partial<Limits>;
};

export type Worker = {
  /** Names under which it locks jobs. */
  ids: string[];
  /** Finishes what it can within 5 s and puts the rest back. Idempotent. */
  stop(): Promise<void>;
  /** Settles when it ended by itself, which it should not. */
  ended: Promise<void>;
};

/** Starts a worker: two pools of the queue, one for the few jobs that someone waits for and one for the many. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { databaseUrl, log } = options;
  const pool = openPool(databaseUrl, 12);
  const stopping = new AbortController();
  setMaxListeners(0, stopping.signal); // every call that runs listens to it
  const utils = await makeWorkerUtils({ connectionString: databaseUrl, maxPoolSize: 2, logger: quiet(log) });
  await utils.migrate();
  await utils.release();
  const callers = await options.callers(pool);
  const liveness = new Liveness(databaseUrl, log);
  await liveness.start();

  const name = `${process.pid}`;
  const ctx = deployContext({
    pool,
    worker: name,
    log,
    callers,
    signal: stopping.signal,
    ...(options.limits && { limits: options.limits }),
  });
  const control = await runTasks(options, liveness, controlTasks(ctx), {
    concurrentJobs: 8,
    maxPoolSize: 5,
    crontab: '* * * * * expire ?jobKey=expire',
  });
  const many = await runTasks(options, liveness, sliverTasks(ctx), {
    concurrentJobs: options.concurrency,
    maxPoolSize: 5,
    localQueue: { size: Math.max(options.concurrency, 100) },
  });
  await liveness.settled();

  const look = () => {
    enqueueLook(pool, 'repair').catch((err: unknown) =>
      log.warn({ err }, 'no look after lost jobs could be asked for'),
    );
  };
  look();
  const looking = setInterval(look, options.repairSeconds * 1000);

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    clearInterval(looking);
    // Long polls end at once; a saga that was cut off goes on elsewhere from its rows.
    stopping.abort(new Error('the worker is stopping'));
    await Promise.all([control.runner.stop().catch(() => {}), many.runner.stop().catch(() => {})]);
    await liveness.stop();
    await callers.close();
    await pool.end();
  };
  return {
    ids: [control.id, many.id],
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
    ended: Promise.race([control.runner.promise, many.runner.promise]),
  };
}

async function runTasks(
  { databaseUrl, log }: WorkerOptions,
  liveness: Liveness,
  taskList: TaskList,
  how: { concurrentJobs: number; maxPoolSize: number; crontab?: string; localQueue?: { size: number } },
): Promise<{ runner: Runner; id: string }> {
  const { crontab = '', ...worker } = how;
  const events = new EventEmitter();
  let id = '';
  events.on('pool:create', ({ workerPool }: { workerPool: { id: string } }) => {
    id = workerPool.id;
    liveness.add(id);
  });
  const runner = await run({
    taskList,
    crontab,
    events,
    logger: quiet(log),
    noHandleSignals: true,
    preset: {
      worker: {
        connectionString: databaseUrl,
        pollInterval: 1_000,
        completeJobBatchDelay: 10,
        failJobBatchDelay: 10,
        gracefulShutdownAbortTimeout: 2_000,
        ...worker,
      },
    },
  });
  return { runner, id };
}

/** The queue's own log at our levels: it is chatty about every job. */
function quiet(log: Log): Logger {
  return new Logger(() => (level, message, meta) => {
    if (level === 'error') log.error({ queue: meta?.error ?? undefined }, message);
    else if (level === 'warning') log.warn(message);
    else log.trace(message);
  });
}
