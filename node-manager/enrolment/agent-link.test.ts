import { expect, test } from 'vitest';
import { decodeEnrolmentToken } from '@/protocol/pki/enrolment-token';
import { generateIdentityKey } from '@/protocol/statement/keys';
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
