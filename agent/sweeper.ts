import { LATE_AFTER_MS, UNREACHABLE_AFTER_MS } from '@/core/node/reachability';
import { inTransaction, type Pool } from './store/database';
import { markSilent } from './store/heartbeats';
import { notifyNodes, notifySlivers } from './store/notices';
import { markUnknown } from './store/slivers';
import { lapseTickets } from './store/tickets';
import { dropOldUsage } from './store/usage';

export const SWEEP_MS = 2_000;
/** Longer than any silence: a year. */
const NEVER_MS = 31_536_000_000;

/** How long a silence counts as late and as unreachable, in ms. */
export type Silence = { lateMs: number; unreachableMs: number };

/**
 * One pass: nodes that fell silent become late, then unreachable, and the slivers on these unknown; tickets past their
 * redeem window lapse. By Postgres's clock; safe to run in several agents at once.
 */
export async function sweep(pool: Pool, silence: Silence): Promise<void> {
  await inTransaction(pool, async (tx) => {
    const silent = await markSilent(tx, silence.lateMs, silence.unreachableMs);
    const lost = silent.filter((node) => node.reachability === 'unreachable');
    await notifySlivers(tx, await markUnknown(tx, lost));
    await notifyNodes(
      tx,
      silent.map((node) => node.nodeId),
    );
  });
  await lapseTickets(pool);
  await dropOldUsage(pool);
}

/**
 * Sweeps until aborted. While this agent was down nobody could be heard, so that a silence counts only as far as it has
 * been listening itself.
 */
export async function sweepUntil(pool: Pool, signal: AbortSignal, onError: (err: unknown) => void): Promise<void> {
  const since = performance.now();
  while (!signal.aborted) {
    const listened = performance.now() - since;
    const heard = (ms: number) => (listened > ms ? ms : NEVER_MS);
    const silence = { lateMs: heard(LATE_AFTER_MS), unreachableMs: heard(UNREACHABLE_AFTER_MS) };
    await sweep(pool, silence).catch(onError);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, SWEEP_MS);
      function done() {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }
}
