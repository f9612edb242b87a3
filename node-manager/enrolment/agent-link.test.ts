import { expect, test } from 'vitest';
import type { KnownAgent } from '@/protocol/agent/agents';
import { decodeEnrolmentToken } from '@/protocol/pki/enrolment-token';
import { agentUrn } from '@/protocol/pki/names';
import { generateIdentityKey, thumbprint } from '@/protocol/statement/keys';
import { newStatementId } from '../lease/redeem';
import { programLog } from '../log';
import { agentStub, nodeUrn, sliceUrn, until } from '../testing/agent-stub';
import { AgentLink } from './agent-link';
import type { Enrolment } from './enrolment';
import { rootDelegation } from './root-delegation';

const AMOUNTS = { cpuMilli: 1000, memoryMiB: 512, diskMiB: 4096, networkKbps: 10_000 };

test('more slivers than one heartbeat holds are told in several, and a list that was cut is not called whole', async () => {
  const agent = await agentStub();
  const [node, incarnation, key] = [nodeUrn('many'), newStatementId(), generateIdentityKey()];
  // As long as the schema lets them be.
  const all = Array.from({ length: 1200 }, () => ({
    slice: sliceUrn('s').padEnd(256, 'x'),
    sliver: nodeUrn('s').padEnd(256, 'x'),
    leaseJti: newStatementId(),
    state: 'failed' as const,
    reason: { code: 'START_FAILED', facts: { node: node.padEnd(256, 'x'), problem: 'p'.repeat(500), attempts: 3 } },
    since: new Date().toISOString(),
  }));
  let kept: Enrolment | null = null;
  const link = new AgentLink({
    node,
    key,
    address: '127.0.0.1:1',
    incarnation: () => incarnation,
    store: {
      get: () => kept,
      put: (enrolment) => {
        kept = enrolment;
      },
    },
    token: decodeEnrolmentToken(agent.token(node)),
    log: programLog('test', 'silent'),
    now: Date.now,
    vitals: () => ({
      at: new Date().toISOString(),
      incarnation,
      journalSequence: 1,
      version: '0',
      driver: 'simulated',
      missing: [],
      images: ['tiny'],
      imageProblems: [],
      enforcement: { unenforced: [], disk: null },
      capacity: AMOUNTS,
      free: AMOUNTS,
      load1Milli: null,
      uptimeSeconds: 1,
      sliverCount: all.length,
      revocationsHeard: 0,
    }),
    reports: (ids) => (ids === 'all' ? all : all.filter((one) => ids.includes(one.leaseJti))),
    grant: () => ({ rights: AMOUNTS, degreeMilli: 1000 }),
    delegation: (to) => rootDelegation(key, node, incarnation, AMOUNTS, to, Date.now()),
    standing: () => Promise.resolve(null),
    usage: () => null,
    heardUsage: () => {},
    heardClock: () => {},
    heard: () => Promise.resolve(),
    alive: () => true,
    firstMs: 0,
    heartbeatMs: 60_000,
  });
  await link.ensureEnrolled();
  link.begin();
  const told = () => new Set(agent.heartbeats.flatMap((beat) => beat.slivers.map((one) => one.leaseJti)));
  await until('all to be told', () => told().size === all.length);
  expect(agent.heartbeats.every((beat) => !beat.full)).toBe(true);
  const largest = Math.max(...agent.heartbeats.map((beat) => JSON.stringify(beat).length));
  expect(largest).toBeLessThan(1_048_576); // the agent's bound on a call
  await link.stop();
  await agent.close();
});

test('a node whose agent stays away turns to another of the deployment’s, also after a restart; one that refuses something is not away', async () => {
  const first = await agentStub();
  const second = await agentStub({ ca: first.ca, name: 'north' });
  const [node, incarnation, key] = [nodeUrn('turning'), newStatementId(), generateIdentityKey()];
  const grant = { rights: AMOUNTS, degreeMilli: 1000 };
  const wish = (agent: typeof first, name: string | null, holds: typeof grant | null) => ({
    urn: agentUrn('meridian', name),
    publicKey: agent.agentKey.jwk,
    address: `127.0.0.1:${agent.port}`,
    shareMilli: 1000,
    degreeMilli: 1000,
    holds,
    held: false,
    wantStanding: false,
    next: false,
  });
  // A third one, of which no agent takes what it is given.
  const odd = { ...wish(first, 'odd', null), publicKey: generateIdentityKey().jwk };
  first.answer.agents = [wish(first, null, grant), wish(second, 'north', null), odd];
  second.answer.agents = first.answer.agents;
  first.refuses.add(thumbprint(odd.publicKey));
  let kept: Enrolment | null = null;
  const options = {
    node,
    key,
    address: '127.0.0.1:1',
    incarnation: () => incarnation,
    store: {
      get: () => kept,
      put: (enrolment: Enrolment) => {
        kept = enrolment;
      },
    },
    token: decodeEnrolmentToken(first.token(node)),
    log: programLog('test', 'silent'),
    now: Date.now,
    vitals: () => ({
      at: new Date().toISOString(),
      incarnation,
      journalSequence: 1,
      version: '0',
      driver: 'simulated' as const,
      missing: [],
      images: ['tiny'],
      imageProblems: [],
      enforcement: { unenforced: [], disk: null },
      capacity: AMOUNTS,
      free: AMOUNTS,
      load1Milli: null,
      uptimeSeconds: 1,
      sliverCount: 0,
      revocationsHeard: 0,
    }),
    reports: () => [],
    grant: () => grant,
    delegation: (to: Pick<KnownAgent, 'urn' | 'publicKey'>) =>
      rootDelegation(key, node, incarnation, AMOUNTS, to, Date.now()),
    standing: () => Promise.resolve(null),
    usage: () => null,
    heardUsage: () => {},
    heardClock: () => {},
    heard: () => Promise.resolve(),
    alive: () => true,
    firstMs: 0,
    heartbeatMs: 100,
    awayMs: 150,
  };
  const link = new AgentLink(options);
  await link.ensureEnrolled();
  link.begin();
  await until('some heartbeats', () => first.heartbeats.length > 3);
  expect(second.heartbeats).toHaveLength(0);
  expect(first.refused).toBeGreaterThan(1); // and yet its agent is not taken for away
  await first.close();
  await until('the other agent to hear of it', () => second.heartbeats.some((beat) => beat.node === node));
  expect(link.agentTarget?.urn).toBe(agentUrn('meridian', 'north'));
  await link.stop();
  const heard = second.heartbeats.length;
  const again = new AgentLink(options);
  again.begin();
  await until('it to go on there', () => second.heartbeats.length > heard);
  await again.stop();
  await second.close();
});
