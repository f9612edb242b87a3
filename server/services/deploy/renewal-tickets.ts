import { createHash } from 'node:crypto';
import type { Reason } from '@/core/errors';
import { SliceSpec } from '@/protocol/api/slice';
import { decodeUnverified } from '@/protocol/statement/verify';
import { orRefused } from '@/protocol/transport/client';
import { refusedFrom } from '@/protocol/trpc';
import {
  keepSuccessors,
  type NewSuccessor,
  type Renewal,
  type RenewalSliver,
  type Successor,
} from '@/server/data/deploy/renewal';
import type { DeployContext } from './context';
import { agentAway } from './plan';

type Tickets = { tickets: Map<string, Successor[]>; refused: Map<string, Reason> };

/**
 * Renewal tickets for slivers, by the sliver's id, the newest first: those that are still good, and new ones for the others. A
 * ticket begins where its lease began, so they are asked for by start. The key names the attempt: an agent that refused
 * a node says the same under the same key for ever.
 */
export async function renewalTickets(
  ctx: DeployContext,
  renewal: Renewal,
  due: readonly RenewalSliver[],
  attempt: number,
): Promise<Tickets> {
  const tickets = new Map(due.filter((v) => v.successors.some((s) => s.usable)).map((v) => [v.id, v.successors]));
  const refused = new Map<string, Reason>();
  const byStart = new Map<number, RenewalSliver[]>();
  for (const v of due) {
    if (tickets.has(v.id) || !v.leaseStartsAt) continue;
    const start = Math.floor(v.leaseStartsAt.getTime() / 1000);
    byStart.set(start, [...(byStart.get(start) ?? []), v]);
  }
  const { ticketBatch } = ctx.limits;
  const batches = [...byStart].flatMap(([start, slivers]) =>
    Array.from({ length: Math.ceil(slivers.length / ticketBatch) }, (_, i) => ({
      start,
      slivers: slivers.slice(i * ticketBatch, (i + 1) * ticketBatch),
    })),
  );
  await Promise.all(
    batches.map(async ({ start, slivers }) => {
      try {
        for (const one of await ask(ctx, renewal, start, slivers, attempt, refused)) {
          const old = slivers.find((v) => v.id === one.sliverId)?.successors ?? [];
          tickets.set(one.sliverId, [{ ...one, usable: true }, ...old]);
        }
      } catch (err) {
        ctx.signal.throwIfAborted();
        const said = refusedFrom(err);
        if (!said) ctx.log.warn({ err, slice: renewal.name }, 'the agent gave no renewal tickets');
        for (const v of slivers) refused.set(v.id, agentAway(said?.reason ?? null));
      }
    }),
  );
  // Of those that got none now, one of an earlier attempt may have been taken by its node.
  for (const v of due) if (!tickets.has(v.id) && v.successors.length > 0) tickets.set(v.id, v.successors);
  return { tickets, refused };
}

async function ask(
  ctx: DeployContext,
  renewal: Renewal,
  start: number,
  slivers: readonly RenewalSliver[],
  attempt: number,
  refused: Map<string, Reason>,
): Promise<NewSuccessor[]> {
  const agent = await ctx.callers.agent();
  const what = slivers.map((v) => `${v.id} ${v.ticketJti}`).join();
  const byNode = new Map(slivers.map((v) => [v.nodeUrn, v]));
  const answer = await orRefused(
    agent.issue.mutate(
      {
        idempotencyKey: createHash('sha256').update(`${renewal.requestId} ${attempt} ${what}`).digest('base64url'),
        slice: renewal.urn,
        sub: renewal.ownerUrn,
        resources: SliceSpec.parse(renewal.spec).resources,
        nodes: slivers.map((v) => v.nodeUrn),
        start,
        end: Math.floor(renewal.leaseEnd.getTime() / 1000),
        graceSeconds: renewal.graceSeconds,
        replaces: Object.fromEntries(slivers.map((v) => [v.nodeUrn, v.ticketJti ?? ''])),
      },
      { signal: ctx.signal },
    ),
  );
  for (const { node, reason } of answer.refused) {
    const sliver = byNode.get(node);
    if (sliver) refused.set(sliver.id, reason as Reason); // a code of our own agent, or shown as it is
  }
  const issued = answer.tickets.flatMap(({ node, iss, jti, ticket }) => {
    const sliver = byNode.get(node);
    if (!sliver) return [];
    const { claims } = decodeUnverified('ticket+jwt', ticket); // the node verifies it; here its times are only kept
    const at = (seconds: number) => new Date(seconds * 1000);
    const times = {
      startsAt: at(claims.start),
      endsAt: at(claims.end),
      notBefore: at(claims.nbf),
      notAfter: at(claims.exp),
    };
    return [{ sliverId: sliver.id, iss, jti, text: ticket, replaces: sliver.ticketJti ?? '', ...times }];
  });
  await keepSuccessors(ctx.pool, renewal.sliceId, issued);
  return issued;
}
