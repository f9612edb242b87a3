import { ADD_JOBS_KEEPING_TIME, type JobOptions, type JobSpec, jobRows } from '../jobs';
import type { Queryable } from '../pool';

/** Puts a job back into the queue for later. */
export async function enqueueAgain(db: Queryable, job: JobSpec, options: JobOptions): Promise<void> {
  await db.query(ADD_JOBS_KEEPING_TIME, [jobRows([job], options)]);
}

/** Asks for a look, unless one is waiting already. */
export async function enqueueLook(db: Queryable, task: 'repair' | 'expire'): Promise<void> {
  await db.query(
    `SELECT 1 FROM graphile_worker.add_job($1, '{}'::json, job_key := $1, job_key_mode := 'preserve_run_at', max_attempts := 1)`,
    [task],
  );
}
