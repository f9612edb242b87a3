import type { z } from 'zod';
import { type Reason, Refused } from '@/core/errors';
import { decide, waitSecondsOf } from '@/core/granting/decide';
import { type GrantingPolicy, HELD_NOTHING, type Held, type Situation, type Verdict } from '@/core/granting/policy';
import { siteOfSlice } from '@/core/granting/site-of-slice';
import { add, type HardAmounts, hardOf, NOTHING, subtract, times } from '@/core/resources/vector';
import { storedPolicy } from '@/protocol/agent/policy';
import type { IssueInput } from '@/protocol/agent/schemas';
import type { Issuer } from './issue';
import type { AgentStanding } from './store/books';
import type { Queryable } from './store/database';
import { ALWAYS, lockDecisions, readHoldings, readTotal, readUnmet } from './store/granting';
import { readPassedOn } from './store/passed-on';
import type { RequestHistory } from './store/tickets';

type Input = z.infer<typeof IssueInput>;

/** Why the agent issues nothing now, or nothing but renewals; null when it does. Pure. */
export function closedProblem(
  issuer: Pick<Issuer, 'urn'>,
  standing: AgentStanding,
  input: Pick<Input, 'replaces'>,
): Reason | null {
  const { adminSwitch, revoked } = standing;
  if (!revoked && (adminSwitch === 'open' || (adminSwitch === 'draining' && input.replaces))) return null;
  return new Refused('AGENT_CLOSED', { agent: issuer.urn, adminSwitch: revoked ? 'revoked' : adminSwitch }).reason;
}

/**
 * What the agent's policy says of a request for which there is room on `fits` nodes: how many tickets, and why no more. First come
 * asks nothing of the database. The others decide one after the other, under a lock that is held until the tickets are stored, so that two
 * requests cannot both pass. A renewal goes on with what it has, whatever the policy. `now`: epoch ms.
 */
export async function judgeByPolicy(
  tx: Queryable,
  issuer: Issuer,
  standing: AgentStanding,
  input: Input,
  fits: number,
  now: number,
): Promise<Verdict> {
  const policy = storedPolicy(standing.policy);
  if (policy.kind === 'first-come' || fits === 0 || input.replaces) return { grant: fits, reason: null, record: null };
  await lockDecisions(tx, issuer.agentId);
  const situation = await readSituation(tx, issuer, policy, input.slice, now);
  const site = siteOfSlice(input.slice, issuer.authority);
  const ask = { site, slice: input.slice, count: fits, each: hardOf(input.resources), at: now };
  return decide(policy, ask, situation);
}

/** What is remembered of a request. */
export function historyOf(
  issuer: Issuer,
  input: Input,
  refused: readonly { reason: Reason }[],
  ruling: Verdict,
): RequestHistory {
  return {
    agentId: issuer.agentId,
    sliceUrn: input.slice,
    site: siteOfSlice(input.slice, issuer.authority),
    renewal: input.replaces !== undefined,
    unmet: refused.filter(({ reason }) => reason.code === 'POLICY_DENIED' || reason.code === 'DELEGATION_SPENT').length,
    amounts: hardOf(input.resources),
    start: input.start,
    end: input.end,
    decision: ruling.record,
  };
}

async function readSituation(
  tx: Queryable,
  { agentId, authority }: Issuer,
  policy: GrantingPolicy,
  slice: string,
  now: number,
): Promise<Situation> {
  const { total: all, nodeIds } = await readTotal(tx, agentId);
  const at = Math.floor(now / 1000);
  const passedOn = [...(await readPassedOn(tx, agentId, nodeIds, { start: at, end: ALWAYS })).values()].reduce(
    add,
    NOTHING,
  );
  const total = subtract(all, passedOn);
  const held = new Map<string, Held>();
  for (const { sliceUrn, slivers, ...amounts } of await readHoldings(tx, agentId, nodeIds, at)) {
    const site = siteOfSlice(sliceUrn, authority);
    const before = held.get(site) ?? HELD_NOTHING;
    held.set(site, { ...add(before, amounts), slivers: before.slivers + slivers });
  }
  const waiting = new Map<string, HardAmounts>();
  const seconds = waitSecondsOf(policy);
  for (const { site, sliceUrn, unmet, ...each } of seconds > 0 ? await readUnmet(tx, agentId, seconds) : []) {
    if (sliceUrn !== slice) waiting.set(site, add(waiting.get(site) ?? NOTHING, times(hardOf(each), unmet)));
  }
  return { total, held, waiting };
}
