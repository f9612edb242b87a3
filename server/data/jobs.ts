import type { Tx } from '@/server/db';

/** The worker's jobs. The key makes one job of several that say the same; it runs again if asked for while it runs. */
export type JobSpec =
  | { task: 'deploy'; sliceId: string }
  | { task: 'sliver'; sliverId: string }
  | { task: 'release'; sliverId: string }
  | { task: 'set-keys'; sliceId: string }
  | { task: 'renew'; sliceId: string; requestId: string };

export type JobOptions = {
  /** Not before this time. */
  runAt?: Date;
  /** How often it was tried before; ours, since the queue's own count also rises when a worker dies. */
  attempt?: number;
};

/** A crash of a worker costs an attempt of the queue's; ours are counted in the payload. */
const MAX_ATTEMPTS = 10_000;
/** Bulk work must not hold up what someone waits for. Smaller runs first. */
const PRIORITY: Record<JobSpec['task'], number> = { deploy: 0, 'set-keys': 0, renew: 0, release: 1, sliver: 2 };

/** The one statement that adds jobs; its parameter is what `jobRows` makes. For raw `pg` clients. */
export const ADD_JOBS =
  'SELECT 1 FROM graphile_worker.add_jobs(ARRAY(SELECT json_populate_recordset(NULL::graphile_worker.job_spec, $1::json)))';

/** As ADD_JOBS; a job of the same key that waits keeps its time, so that asking again and again does not put it off. */
export const ADD_JOBS_KEEPING_TIME =
  'SELECT 1 FROM graphile_worker.add_jobs(ARRAY(SELECT json_populate_recordset(NULL::graphile_worker.job_spec, $1::json)), true)';

export function jobRows(jobs: readonly JobSpec[], options: JobOptions = {}): string {
  return JSON.stringify(
    jobs.map(({ task, ...about }) => ({
      identifier: task,
      payload: { ...about, ...(options.attempt !== undefined && { attempt: options.attempt }) },
      run_at: options.runAt?.toISOString() ?? null,
      max_attempts: MAX_ATTEMPTS,
      job_key: jobKey({ task, ...about } as JobSpec),
      priority: PRIORITY[task],
    })),
  );
}

export function jobKey(job: JobSpec): string {
  if (job.task === 'renew') return `renew:${job.requestId}`;
  return `${job.task}:${'sliverId' in job ? job.sliverId : job.sliceId}`;
}

/** Adds jobs in the caller's transaction: they run if and only if it commits. */
export async function enqueue(tx: Tx, jobs: readonly JobSpec[], options: JobOptions = {}): Promise<void> {
  if (jobs.length === 0) return;
  const rows = jobRows(jobs, options);
  await tx.$executeRaw`SELECT 1 FROM graphile_worker.add_jobs(ARRAY(SELECT json_populate_recordset(NULL::graphile_worker.job_spec, ${rows}::json)))`;
}

/** As `enqueue`, for one job by its parts; the key must be the one that `jobKey` gives for it. */
export async function addJob(tx: Tx, task: string, payload: Record<string, string>, jobKey: string): Promise<void> {
  await tx.$executeRaw`SELECT graphile_worker.add_job(${task}::text, ${JSON.stringify(payload)}::json, job_key := ${jobKey}::text, max_attempts := ${MAX_ATTEMPTS}::int)`;
}
