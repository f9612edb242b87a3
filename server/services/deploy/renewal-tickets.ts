import { createHash } from 'node:crypto';
import { type Reason, Refused } from '@/core/errors';
import { MAX_LEASE_SECONDS } from '@/core/lease/term';
import { PlacedSpec } from '@/protocol/api/slice';
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
import type { DeploymentAgent } from '@/server/service-manager/service-manager';
import type { DeployContext } from './context';
import { agentAway, saidBy } from './market';

type Tickets = { tickets: Map<string, Successor[]>; refused: Map<string, Reason> };

/**
 * Renewal tickets for slivers, by the sliver's id, the newest first: those that are still good, and new ones for the others. The key names the attempt: an agent that refused
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
  const agents = (await ctx.callers.agents()).filter((agent) => agent.adminSwitch !== 'closed');
  let open = due.filter((v) => !tickets.has(v.id) && v.leaseStartsAt);
  for (const v of open)
    if (agents.length === 0) refused.set(v.id, new Refused('AGENT_UNREACHABLE', { cause: 'none is open' }).reason);
  const asked = new Map<string, string[]>();
  // First the agent that issued the ticket which is to be renewed; another one only where that one cannot.
  while (open.length > 0) {
    const shares = new Map<DeploymentAgent, RenewalSliver[]>();
    for (const v of open) {
      const left = agents.filter((one) => one.adminSwitch !== 'closed' && !asked.get(v.id)?.includes(one.urn));
      const agent = left.find((one) => one.keys.includes(v.ticketIss ?? '')) ?? left[0];
      if (!agent) continue;
      shares.set(agent, [...(shares.get(agent) ?? []), v]);
      asked.set(v.id, [...(asked.get(v.id) ?? []), agent.urn]);
    }
    if (shares.size === 0) break;
    const batches = [...shares].flatMap(([agent, slivers]) =>
      batchesOf(renewal, slivers, ctx.limits.ticketBatch).map((batch) => ({ agent, ...batch })),
    );
    await Promise.all(
      batches.map(async ({ agent, start, slivers }) => {
        try {
          for (const one of await ask(ctx, renewal, agent, start, slivers, attempt, refused)) {
            const old = slivers.find((v) => v.id === one.sliverId)?.successors ?? [];
            tickets.set(one.sliverId, [{ ...one, usable: true }, ...old]);
          }
        } catch (err) {
          ctx.signal.throwIfAborted();
          if (!refusedFrom(err)) ctx.log.warn({ err, slice: renewal.name }, 'an agent gave no renewal tickets');
          for (const v of slivers) refused.set(v.id, saidBy(agentAway(agent, err), agent, agents.length));
        }
      }),
    );
    open = open.filter((v) => !tickets.has(v.id) && ANOTHER.has(refused.get(v.id)?.code ?? 'NOT_DELEGATED'));
  }
  // Of those that got none now, one of an earlier attempt may have been taken by its node.
  for (const v of due) if (!tickets.has(v.id) && v.successors.length > 0) tickets.set(v.id, v.successors);
  return { tickets, refused };
}

/** Where one agent says this, another may have the authority. What a node itself is or says is the same for all. */
const ANOTHER: ReadonlySet<Reason['code']> = new Set([
  'AGENT_CLOSED',
  'AGENT_UNREACHABLE',
  'DELEGATION_SPENT',
  'EXCEEDS_PARENT',
  'NOT_DELEGATED',
  'RATE_LIMITED',
]);

/** A ticket begins where its lease began: those of one beginning go together, at most so many in one call. */
function batchesOf(
  renewal: Renewal,
  slivers: readonly RenewalSliver[],
  most: number,
): { start: number; slivers: RenewalSliver[] }[] {
  const byStart = new Map<number, RenewalSliver[]>();
  for (const v of slivers) {
    const start = Math.floor(startOf(renewal, v.leaseStartsAt ?? new Date(0), v.leaseEndsAt) / 1000);
    byStart.set(start, [...(byStart.get(start) ?? []), v]);
  }
  return [...byStart].flatMap(([start, some]) =>
    Array.from({ length: Math.ceil(some.length / most) }, (_, i) => ({
      start,
      slivers: some.slice(i * most, (i + 1) * most),
    })),
  );
}

/**
 * From when on the ticket is, epoch ms: its lease's start. One over all of a long lease would outlast what an agent was delegated, and what
 * counts is the time from now on: it begins when the renewal was approved. The same whenever it is asked for, since the
 * request is known by its body.
 */
function startOf({ leaseEnd, decidedAt }: Renewal, startsAt: Date, endsAt: Date | null): number {
  if (leaseEnd.getTime() - startsAt.getTime() <= MAX_LEASE_SECONDS * 1000) return startsAt.getTime();
  return Math.max(startsAt.getTime(), Math.min(decidedAt.getTime(), (endsAt ?? decidedAt).getTime()));
}

async function ask(
  ctx: DeployContext,
  renewal: Renewal,
  agent: DeploymentAgent,
  start: number,
  slivers: readonly RenewalSliver[],
  attempt: number,
  refused: Map<string, Reason>,
): Promise<NewSuccessor[]> {
  const what = `${agent.urn} ${slivers.map((v) => `${v.id} ${v.ticketJti}`).join()}`;
  const byNode = new Map(slivers.map((v) => [v.nodeUrn, v]));
  const answer = await orRefused(
    agent.client.issue.mutate(
      {
        idempotencyKey: createHash('sha256').update(`${renewal.requestId} ${attempt} ${what}`).digest('base64url'),
        slice: renewal.urn,
        sub: renewal.ownerUrn,
        resources: PlacedSpec.parse(renewal.spec).resources,
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
