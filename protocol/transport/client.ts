import { createTRPCClient, type Operation, TRPCClientError, type TRPCLink } from '@trpc/client';
import type { AnyTRPCRouter } from '@trpc/server';
import { observable } from '@trpc/server/observable';
import { errors, Pool } from 'undici';
import { Refused } from '@/core/errors';
import type { AgentRouter } from '../agent/router';
import type { NodeManagerRouter } from '../node-manager/router';
import type { IdentitySource } from '../pki/identity';
import { refusedFrom } from '../trpc';
import { pinnedDial } from './dial';
import { CONNECT_MS, closePools, poolFor, poolOptions, type Target } from './pools';
import { CALL_PATH } from './server';
import { type Callee, unreachable } from './unreachable';

export type { Target } from './pools';

/** Who we are depends on whom we call: a partner's nodes know us by a certificate of the partner's CA. */
export type IdentityFor = { sourceFor(target: Target): Promise<IdentitySource> };

/** How long a caller waits for an answer, in ms; longer than any long poll. Connecting has a bound of its own, 5 s. */
export type ClientOptions = { answerMs?: number };
const ANSWER_MS = 30_000;
const EXEC_ANSWER_MS = 70_000;

/**
 * A client of one node manager, over connections that the identity shares. Cheap to make: make one when it is needed.
 * A failed call rejects with a TRPCClientError; `refusedFrom(err)` gives the refusal in it, NODE_UNREACHABLE included.
 */
export function nodeManagerClient(target: Target, identity: IdentitySource | IdentityFor, options: ClientOptions = {}) {
  const pool = () =>
    'sourceFor' in identity
      ? identity.sourceFor(target).then((source) => poolFor(source, target))
      : poolFor(identity, target);
  return createTRPCClient<NodeManagerRouter>({
    links: [callLink<NodeManagerRouter>(pool, { kind: 'node', ...target }, options)],
  });
}
export type NodeManagerClient = ReturnType<typeof nodeManagerClient>;

/** A client of an agent. As `nodeManagerClient`; nobody answering is AGENT_UNREACHABLE. */
export function agentClient(target: Target, identity: IdentitySource, options: ClientOptions = {}) {
  return createTRPCClient<AgentRouter>({
    links: [callLink<AgentRouter>(() => poolFor(identity, target), { kind: 'agent', ...target }, options)],
  });
}
export type AgentClient = ReturnType<typeof agentClient>;

/** The TLS name that callers without a certificate dial: they know neither the agent's URN nor its key. */
export const ANONYMOUS_NAME = 'agent.meridian.internal';

/**
 * A client of an agent for who has no certificate (yet, or any more), for `enrol` and `renewCertificate`. The CA is pinned
 * by the SHA-256 of its certificate. Close it when done.
 */
export function anonymousAgentClient(address: string, caFingerprint: string, options: ClientOptions = {}) {
  const pool = new Pool(`https://${address}`, poolOptions(pinnedDial(ANONYMOUS_NAME, caFingerprint, CONNECT_MS)));
  const client = createTRPCClient<AgentRouter>({
    links: [callLink<AgentRouter>(() => pool, { kind: 'agent', urn: '', address }, options)],
  });
  return { client, close: () => pool.destroy() };
}

/** Closes all connections that an identity's clients hold. */
export async function closeClients(identity: IdentitySource): Promise<void> {
  await closePools(identity);
}

/** Awaits a call; its refusal is thrown as a real `Refused`, anything else as it came. */
export async function orRefused<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (err) {
    throw refusedFrom(err) ?? err;
  }
}

/** Carries each operation as one POST. Not httpLink: that one adds a listener to the caller's signal at each call and keeps it. */
function callLink<R extends AnyTRPCRouter>(
  pool: () => Pool | Promise<Pool>,
  callee: Callee,
  options: ClientOptions,
): TRPCLink<R> {
  return () =>
    ({ op }) =>
      observable((observer) => {
        const waits = {
          connectMs: CONNECT_MS,
          answerMs: options.answerMs ?? (op.path === 'exec' ? EXEC_ANSWER_MS : ANSWER_MS),
        };
        called(pool, op, waits.answerMs).then(
          (body) => {
            if ('error' in body) observer.error(TRPCClientError.from({ error: body.error }));
            // Not completed: the promise that the client makes of this has its one value, and would end by an abort error.
            else observer.next({ result: { type: 'data', data: body.result.data } });
          },
          (err: unknown) => {
            const passed = op.signal?.aborted || err instanceof Refused || !(err instanceof Error);
            const cause = passed ? err : unreachable(callee, err, waits);
            observer.error(TRPCClientError.from(cause instanceof Error ? cause : new Error(String(cause))));
          },
        );
      });
}

type Answer =
  | { result: { data: unknown } }
  | { error: Parameters<typeof TRPCClientError.from>[0] & { code: number; message: string; data: unknown } };

async function called(pool: () => Pool | Promise<Pool>, op: Operation, answerMs: number): Promise<Answer> {
  return call(await pool(), op, answerMs);
}

async function call(pool: Pool, op: Operation, answerMs: number): Promise<Answer> {
  const response = await pool.request({
    method: 'POST',
    path: CALL_PATH + op.path,
    headers: op.input === undefined ? {} : { 'content-type': 'application/json' },
    body: op.input === undefined ? null : JSON.stringify(op.input),
    signal: op.signal ?? null,
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
  });
  // undici's own bounds are between two bytes: an answer that drips could hold its caller for ever.
  const late = setTimeout(
    () => response.body.destroy(new errors.BodyTimeoutError('no whole answer in time')),
    answerMs,
  );
  // Whoever answers proved to be the one dialled, and runs our code; its data is typed by the router.
  const body = (await response.body.json().finally(() => clearTimeout(late))) as Partial<Answer> | null;
  if (body && ('result' in body || 'error' in body)) return body as Answer;
  throw new Error(`answered ${response.statusCode} with something else`);
}
