import type pg from 'pg';
import type { Refused } from '@/core/errors';
import { sliceOutcome } from '@/core/slice/outcome';
import type { NodeManagerClient, Target } from '@/protocol/transport/client';
import { settleMoves } from '@/server/data/deploy/moves';
import { loadSagas, type SagaState } from '@/server/data/deploy/saga';
import { type SagaWrite, writeSagas } from '@/server/data/deploy/saga-write';
import { settleSlice } from '@/server/data/deploy/settle';
import type { Log } from '@/server/log';
import type { DeploymentAgent } from '@/server/service-manager/service-manager';
import { Batcher } from './batcher';
import { returnTickets } from './return-tickets';

/** Whom the service manager calls: the deployment's one identity, with connections kept. */
export type Callers = {
  node(target: Target): NodeManagerClient;
  /** Thumbprint of the key for which tickets are made out. */
  jkt: string;
  /** The deployment's agents that are in force; none before the first has started. */
  agents(): Promise<DeploymentAgent[]>;
};

export type Limits = {
  /** Attempts at one step of a sliver before its node is given up. */
  attempts: number;
  /** Wait before the second attempt, in ms; it doubles each time. */
  backoffMs: number;
  /** How long a sliver may take from redeemed to running, in ms. */
  startMs: number;
  /** Tickets asked for in one call. */
  ticketBatch: number;
};

export const DEFAULT_LIMITS: Limits = { attempts: 5, backoffMs: 500, startMs: 180_000, ticketBatch: 250 };

export type ReturnedTicket = { iss: string; jti: string; receipt: string };

/** What the deploy jobs of one worker process share. */
export type DeployContext = {
  pool: pg.Pool;
  worker: string;
  log: Log;
  callers: Callers;
  limits: Limits;
  load: (sliverId: string) => Promise<SagaState | null>;
  write: (write: SagaWrite) => Promise<void>;
  /** Gives a ticket back to the agent that issued it, with the node's receipt for it. */
  giveBack: (ticket: ReturnedTicket) => Promise<void>;
  /** Judges the slice after a sliver of it came to an end; `plan` says that a plan is through, and whether nodes ran out. */
  settle: (sliceId: string, plan?: { exhausted: boolean }) => Promise<void>;
  signal: AbortSignal;
};

export function deployContext(
  parts: Pick<DeployContext, 'pool' | 'worker' | 'log' | 'callers' | 'signal'> & { limits?: Partial<Limits> },
): DeployContext {
  const { pool, worker } = parts;
  const loads = new Batcher((ids: string[]) => loadSagas(pool, ids), { most: 200, gatherMs: 2 });
  const writes = new Batcher(
    async (batch: SagaWrite[]) => {
      await writeSagas(pool, worker, batch);
      return batch.map(() => undefined);
    },
    { most: 200, gatherMs: 8 },
  );
  const returns = new Batcher(
    async (tickets: ReturnedTicket[]) => {
      await returnTickets(await parts.callers.agents(), tickets, parts.signal);
      return tickets.map(() => undefined);
    },
    { most: 250, gatherMs: 30 },
  );
  // One look serves all that asked before it began; asking 200 times a second does not look 200 times.
  const settles = new Map<string, Batcher<undefined, undefined>>();
  const settle = async (sliceId: string) => {
    const known = settles.get(sliceId);
    const batcher =
      known ??
      new Batcher<undefined, undefined>(
        async (asked) => {
          await settleMoves(pool, worker, sliceId, new Date());
          await settleSlice(pool, sliceId, sliceOutcome, { exhausted: false, byPlan: false, now: new Date() });
          return asked;
        },
        { most: 10_000, gatherMs: 60 },
      );
    settles.delete(sliceId);
    settles.set(sliceId, batcher);
    if (settles.size > 500) for (const oldest of [...settles.keys()].slice(0, 100)) settles.delete(oldest);
    await batcher.add(undefined);
  };
  return {
    ...parts,
    limits: { ...DEFAULT_LIMITS, ...parts.limits },
    load: (id) => loads.add(id),
    write: (write) => writes.add(write),
    giveBack: (ticket) => returns.add(ticket),
    settle: async (sliceId, plan) => {
      if (!plan) return settle(sliceId);
      await settleMoves(pool, worker, sliceId, new Date());
      await settleSlice(pool, sliceId, sliceOutcome, { ...plan, byPlan: true, now: new Date() });
    },
  };
}

/** How long to wait before attempt `attempt` + 1, in ms: doubling from `backoffMs`, at most 30 s, with a fifth of jitter. */
export function backoff(attempt: number, limits: Limits, random = Math.random()): number {
  return Math.min(30_000, limits.backoffMs * 2 ** (attempt - 1)) * (0.9 + random * 0.2);
}

const RETRYABLE: ReadonlySet<Refused['code']> = new Set([
  'NODE_UNREACHABLE',
  'AGENT_UNREACHABLE',
  'RATE_LIMITED',
  'NOT_YET_VALID',
]);

/** May the same call to the same node go better soon? A refusal about room, trust or the statement does not change by itself. */
export function isRetryable(refused: Refused | null): boolean {
  return refused === null || RETRYABLE.has(refused.code);
}
