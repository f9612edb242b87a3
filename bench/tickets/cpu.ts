import { readFileSync } from 'node:fs';
import type { Pool } from '@/agent/store/database';

/** CPU time in µs that this process and its threads have taken so far. */
export function ownCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** CPU time in µs that the processes of a Postgres of this machine have taken so far, those of idle connections too. */
export async function postgresCpu(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ pid: number }>('SELECT pid FROM pg_stat_activity');
  return rows.reduce((sum, { pid }) => sum + cpuOf(pid), 0);
}

/** CPU time in µs that the main thread of a process of this machine has taken so far: schedstat's first number, in ns. https://docs.kernel.org/scheduler/sched-stats.html */
export function cpuOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch {
    return 0; // gone, or not Linux
  }
}
