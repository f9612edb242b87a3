import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Refused } from '@/core/errors';
import { type PolicyChoice, storedPolicy, withSeed } from '@/protocol/agent/policy';
import type { AgentView } from '@/protocol/api/agents';
import { lockAgent, updateAgent } from '@/server/data/agents/agents';
import type { Db, Tx } from '@/server/db';
import { audit } from '../audit';
import type { Person } from '../policy';
import { listAgents } from './list-agents';

type Agent = NonNullable<Awaited<ReturnType<typeof lockAgent>>>;

/**
 * Has an agent decide by this policy from its next request on. A lottery without a seed gets one, which the audit trail keeps: with it every
 * lot can be drawn again. Idempotent. @throws Refused NOT_FOUND, WRONG_STATE
 */
export function setAgentPolicy(
  db: Db,
  person: Person,
  named: string,
  choice: PolicyChoice,
  now: Date,
): Promise<AgentView> {
  return change(db, person, named, now, async (tx, agent) => {
    const before = storedPolicy(agent.policy);
    const seed = before.kind === 'lottery' ? before.seed : randomBytes(12).toString('base64url');
    const policy = withSeed(choice, seed);
    if (isDeepStrictEqual(before, policy)) return;
    await updateAgent(tx, agent.id, { policy });
    await audit(
      tx,
      person,
      'agent.policy',
      objectOf(agent),
      { from: before.kind, to: policy.kind, policy: JSON.stringify(policy) },
      now,
    );
  });
}

/** What part of its resources each node is asked to delegate to the agent; nodes hear of it with their next heartbeat. Idempotent. */
export function setAgentShare(
  db: Db,
  person: Person,
  named: string,
  wish: { shareMilli?: number | undefined; degreeMilli?: number | undefined },
  now: Date,
): Promise<AgentView> {
  return change(db, person, named, now, async (tx, agent) => {
    const before = { shareMilli: agent.shareMilli, degreeMilli: agent.degreeMilli };
    const after = {
      shareMilli: wish.shareMilli ?? before.shareMilli,
      degreeMilli: wish.degreeMilli ?? before.degreeMilli,
    };
    if (isDeepStrictEqual(before, after)) return;
    await updateAgent(tx, agent.id, after);
    await audit(
      tx,
      person,
      'agent.share',
      objectOf(agent),
      { ...after, before: `${before.shareMilli} ‰, ${before.degreeMilli} ‰` },
      now,
    );
  });
}

/** Opens an agent, has it issue renewals only (draining), or nothing (closed), from its next request on. Idempotent. */
export function setAgentSwitch(
  db: Db,
  person: Person,
  named: string,
  adminSwitch: Agent['adminSwitch'],
  now: Date,
): Promise<AgentView> {
  return change(db, person, named, now, async (tx, agent) => {
    if (agent.adminSwitch === adminSwitch) return;
    await updateAgent(tx, agent.id, { adminSwitch });
    await audit(tx, person, 'agent.adminSwitch', objectOf(agent), { from: agent.adminSwitch, to: adminSwitch }, now);
  });
}

function objectOf(agent: Agent) {
  return { kind: 'agent', id: agent.urn };
}

function change(
  db: Db,
  person: Person,
  named: string,
  now: Date,
  work: (tx: Tx, agent: Agent) => Promise<void>,
): Promise<AgentView> {
  return db.$transaction(async (tx) => {
    const agent = await lockAgent(tx, named);
    if (!agent) throw new Refused('NOT_FOUND', { kind: 'agent', id: named });
    if (agent.revokedAt)
      throw new Refused('WRONG_STATE', { kind: 'agent', id: agent.urn, state: 'revoked', needs: 'in force' });
    await work(tx, agent);
    const view = (await listAgents(tx, person, now)).find((one) => one.id === agent.id);
    if (!view) throw new Error('an agent is gone while its row is locked');
    return view;
  });
}
