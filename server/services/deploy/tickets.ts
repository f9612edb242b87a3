import { createHash } from 'node:crypto';
import { roomFor } from '@/core/broker/candidate';
import { shareOut } from '@/core/broker/share-out';
import { type Reason, Refused } from '@/core/errors';
import { NOTHING } from '@/core/resources/vector';
import { PlacedSpec } from '@/protocol/api/slice';
import { decodeUnverified } from '@/protocol/statement/verify';
import { orRefused } from '@/protocol/transport/client';
import { leftoverTickets } from '@/server/data/deploy/agents';
import { type PlanSlice, type PlanSliver, storeTickets } from '@/server/data/deploy/slice-plan';
import type { DeploymentAgent } from '@/server/service-manager/service-manager';
import { type DeployContext, isRetryable } from './context';
import { agentAway, type Market, saidBy } from './market';

/** How long an agent that said what it offers a moment ago may take to issue, in ms, before others are asked. */
const ISSUE_MS = 10_000;

/** `away`: the agent gave no answer and may give one later; else it said so of the node, and is not asked the same again. */
type Refusal = { agent: DeploymentAgent; reason: Reason; away: boolean };

/**
 * Gets tickets for the slivers that have none: first those that were issued to the slice already and whose answer was lost, then from the
 * agents that offer the nodes, each asked for its part at the same time. What one refuses, or does not answer to, the others are asked
 * for that have room there, before a sliver is given up.
 */
export async function askTickets(
  ctx: DeployContext,
  slice: PlanSlice,
  slivers: readonly PlanSliver[],
  market: () => Promise<Market>,
): Promise<void> {
  if (!slice.startsAt || !slice.endsAt || !slice.ownerUrn) return;
  const startedAt = new Date();
  let open = await bindLeftovers(ctx, slice, slivers.filter(lacksTicket), startedAt);
  if (open.length === 0) return;
  const { agents, offers } = await market();
  const spec = PlacedSpec.parse(slice.spec);
  const refusals = new Map<string, Refusal[]>();
  const nobody = [...agents.keys()].map((agent) => ({ agent, free: NOTHING }));
  const offersFor = (v: PlanSliver) => {
    const known = offers.get(v.nodeUrn) ?? nobody;
    const no = refusals.get(v.nodeUrn);
    // A second agent is asked only where it has room: the first one's reason is as good as its own.
    return no
      ? known.filter((o) => roomFor(o, spec.resources) > 0 && no.every(({ agent }) => agent.urn !== o.agent))
      : known;
  };
  while (open.length > 0) {
    const byNode = new Map(open.map((v) => [v.nodeUrn, v]));
    const shares = shareOut(
      open.map((v) => ({ node: v.nodeUrn, offers: offersFor(v) })),
      spec.resources,
      slice.urn,
    );
    if (shares.size === 0) break;
    const done = await Promise.all(
      [...shares].flatMap(([urn, nodes]) => {
        const agent = agents.get(urn);
        const asked = nodes.flatMap((node) => byNode.get(node) ?? []);
        return agent ? batchesOf(asked, ctx.limits.ticketBatch).map((batch) => askBatch(ctx, slice, agent, batch)) : [];
      }),
    );
    const ticketed = new Set(done.flatMap((one) => one.ticketed));
    for (const { node, ...refusal } of done.flatMap((one) => one.refused))
      refusals.set(node, [...(refusals.get(node) ?? []), refusal]);
    open = open.filter((v) => !ticketed.has(v.id));
  }
  const waiting = await giveUp(
    ctx,
    slice,
    open,
    refusals,
    { agents: agents.size, substitute: spec.substitute },
    startedAt,
  );
  if (waiting) throw new Refused(waiting.code, waiting.facts);
}

const lacksTicket = (v: PlanSliver) => !v.ticketed && !v.goneAt && v.desired === 'running' && v.reported === 'pending';

/** Those that were added together begin together; at most so many in one call. */
function batchesOf(slivers: readonly PlanSliver[], most: number): PlanSliver[][] {
  const rounds = new Map<number, PlanSliver[]>();
  for (const v of slivers) rounds.set(v.createdAt.getTime(), [...(rounds.get(v.createdAt.getTime()) ?? []), v]);
  return [...rounds.values()].flatMap((round) => {
    const sorted = round.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return Array.from({ length: Math.ceil(sorted.length / most) }, (_, i) => sorted.slice(i * most, (i + 1) * most));
  });
}

/** Binds what was issued before a crash, or in an answer that was lost. Gives the slivers that still have none. */
async function bindLeftovers(
  ctx: DeployContext,
  slice: PlanSlice,
  lacking: readonly PlanSliver[],
  startedAt: Date,
): Promise<PlanSliver[]> {
  if (lacking.length === 0 || !slice.endsAt) return [];
  const { urn, endsAt } = slice;
  const left = await leftoverTickets(
    ctx.pool,
    { urn, endsAt },
    lacking.map((v) => v.nodeUrn),
  );
  const ours = left.filter(({ text }) => decodeUnverified('ticket+jwt', text).claims.cnf.jkt === ctx.callers.jkt);
  const byNode = new Map(ours.map((ticket) => [ticket.nodeUrn, ticket]));
  const tickets = lacking.flatMap((v) => {
    const ticket = byNode.get(v.nodeUrn);
    return ticket ? [bound(v, ticket.iss, ticket.jti, ticket.text)] : [];
  });
  await storeTickets(ctx.pool, slice.id, tickets, ctx.worker, startedAt);
  const has = new Set(tickets.map((one) => one.sliverId));
  return lacking.filter((v) => !has.has(v.id));
}

type BatchAnswer = { ticketed: string[]; refused: (Refusal & { node: string })[] };

/** Asks one agent, and keeps what it gives. The same sliver is asked of the same agent under the same key. */
async function askBatch(
  ctx: DeployContext,
  slice: PlanSlice,
  agent: DeploymentAgent,
  batch: readonly PlanSliver[],
): Promise<BatchAnswer> {
  const startedAt = new Date();
  let answer: Awaited<ReturnType<typeof issue>>;
  try {
    answer = await issue(ctx, slice, agent, batch);
  } catch (err) {
    ctx.signal.throwIfAborted();
    ctx.log.warn({ err, agent: agent.urn, slice: slice.name }, 'an agent gave no answer to a request for tickets');
    const reason = agentAway(agent, err);
    const away = isRetryable(new Refused(reason.code, reason.facts));
    return { ticketed: [], refused: batch.map(({ nodeUrn }) => ({ node: nodeUrn, agent, reason, away })) };
  }
  const byNode = new Map(batch.map((v) => [v.nodeUrn, v]));
  const tickets = answer.tickets.flatMap(({ node, iss, jti, ticket }) => {
    const sliver = byNode.get(node);
    return sliver ? [bound(sliver, iss, jti, ticket)] : [];
  });
  await storeTickets(ctx.pool, slice.id, tickets, ctx.worker, startedAt);
  const ticketed = tickets.map((one) => one.sliverId);
  const said = new Map(answer.refused.map(({ node, reason }) => [node, reason as Reason])); // a code of our own agent, or shown as it is
  const refused = batch
    .filter((v) => !ticketed.includes(v.id))
    .map(({ nodeUrn: node }) => ({
      node,
      agent,
      reason: said.get(node) ?? new Refused('NOT_ADVERTISED', { node }).reason,
      away: false,
    }));
  return { ticketed, refused };
}

function issue(ctx: DeployContext, slice: PlanSlice, agent: DeploymentAgent, batch: readonly PlanSliver[]) {
  const what = `${agent.urn} ${batch.map((v) => v.id).join()} ${slice.endsAt?.toISOString()}`; // a renewal may have moved the end
  return orRefused(
    agent.client.issue.mutate(
      {
        idempotencyKey: createHash('sha256').update(what).digest('base64url'),
        slice: slice.urn,
        sub: slice.ownerUrn ?? '',
        resources: PlacedSpec.parse(slice.spec).resources,
        nodes: batch.map((v) => v.nodeUrn),
        start: Math.floor(termStart(slice, batch) / 1000),
        end: Math.floor((slice.endsAt?.getTime() ?? 0) / 1000),
        graceSeconds: slice.graceSeconds,
      },
      { signal: AbortSignal.any([ctx.signal, AbortSignal.timeout(ISSUE_MS)]) },
    ),
  );
}

/** A ticket as it is kept; the node verifies it, here its times are only read. */
function bound(sliver: PlanSliver, iss: string, jti: string, text: string) {
  const { claims } = decodeUnverified('ticket+jwt', text);
  const times = {
    startsAt: at(claims.start),
    endsAt: at(claims.end),
    notBefore: at(claims.nbf),
    notAfter: at(claims.exp),
  };
  return { sliverId: sliver.id, iss, jti, text, ...times };
}

/**
 * Slivers that no agent gave a ticket for: nothing was sent to the node, so they are gone at once, and another node may stand in. One whose
 * agents were only away waits for them where nothing can stand in for it, or where no agent answers: gives why.
 */
async function giveUp(
  ctx: DeployContext,
  slice: PlanSlice,
  slivers: readonly PlanSliver[],
  refusals: ReadonlyMap<string, readonly Refusal[]>,
  { agents, substitute }: { agents: number; substitute: boolean },
  startedAt: Date,
): Promise<Reason | null> {
  let waiting: Reason | null = null;
  const endedAt = new Date();
  await Promise.all(
    slivers.map(async (sliver) => {
      const all = refusals.get(sliver.nodeUrn) ?? [];
      const final = all.findLast(({ away }) => !away);
      const said = final ?? all.at(-1);
      if (!said) return;
      const reason = saidBy(said.reason, said.agent, agents);
      if (!final && (agents === 1 || sliver.picked || !substitute)) {
        waiting = reason;
        return;
      }
      await ctx.write({
        sliceId: slice.id,
        sliverId: sliver.id,
        steps: [{ step: 'ticket', outcome: 'failed', attempt: 1, reason, startedAt, endedAt }],
        sliver: { reported: 'failed', reason, desired: 'gone', goneAt: endedAt },
      });
    }),
  );
  return waiting;
}

/** A sliver added later begins later: its node may not have been there when the slice began. The same for a batch whenever it is asked for. */
function termStart(slice: PlanSlice, batch: readonly PlanSliver[]): number {
  return Math.max(slice.startsAt?.getTime() ?? 0, batch[0]?.createdAt.getTime() ?? 0);
}

const at = (seconds: number) => new Date(seconds * 1000);
