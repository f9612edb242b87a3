import { rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { orRefused } from '@/protocol/transport/client';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from '../testing/agent-stub';
import { freePort, NodeProcess } from '../testing/node-process';
import { assignBehaviours } from './assign-behaviours';
import { type ManifestLine, readManifest, writeManifest } from './manifest';

const share = fc.double({ min: 0, max: 0.33, noNaN: true });

test('shares are met exactly, by the seed alone', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.string(), { maxLength: 200 }),
      share,
      share,
      share,
      fc.integer(),
      (nodes, slow, down, failing, seed) => {
        const assigned = assignBehaviours(nodes, { slow, down, failing }, seed);
        const count = (b: string) => [...assigned.values()].filter((x) => x === b).length;
        expect(assigned.size).toBe(nodes.length);
        expect(count('down')).toBe(Math.round(down * nodes.length));
        expect(count('failing')).toBe(Math.round(failing * nodes.length));
        expect(assignBehaviours([...nodes].reverse(), { slow, down, failing }, seed)).toEqual(new Map([...assigned]));
      },
    ),
  );
});

test('a manifest that is wrong names its line and field', () => {
  const good: ManifestLine = { node: nodeUrn('a'), token: null, behaviour: 'slow', startMs: 5 };
  expect(readManifest(writeManifest([good]))).toEqual([good]);
  expect(() => readManifest(`${writeManifest([good])}{"node":"x"}`)).toThrow(/line 2: node/);
  expect(() => readManifest(writeManifest([good, good]))).toThrow(/twice/);
});

describe('a simulator, as a process', { timeout: 30_000 }, () => {
  const names = ['normal', 'slow', 'down', 'failing'] as const;
  let agent: AgentStub;
  let data: string;
  let env: Record<string, string>;
  let simulator: NodeProcess;
  let lines: ManifestLine[];
  const write = () => writeFileSync(`${data}/manifest.jsonl`, writeManifest(lines));

  beforeAll(async () => {
    agent = await agentStub();
    data = tempDirectory('simulator');
    lines = names.map((behaviour) => ({
      node: nodeUrn(behaviour),
      token: agent.token(nodeUrn(behaviour)),
      behaviour: 'normal',
      startMs: 5,
    }));
    write();
    env = {
      MERIDIAN_SIMULATOR_DATA: data,
      MERIDIAN_SIMULATOR_LISTEN: `127.0.0.1:${await freePort()}`,
      MERIDIAN_SIMULATOR_MANIFEST: `${data}/manifest.jsonl`,
      MERIDIAN_NODE_HEARTBEAT_MS: '200',
    };
    simulator = NodeProcess.start('node-manager/simulator.ts', env);
    await simulator.ready();
    await until('delegations', () => agent.delegations.size === 4);
    lines = names.map((behaviour) => ({ node: nodeUrn(behaviour), token: null, behaviour, startMs: 5 }));
    write();
    simulator.child.kill('SIGHUP');
    await until('the manifest to be read again', () =>
      simulator.lines.some((l) => l.msg === 'read the manifest again'),
    );
  });
  afterAll(async () => {
    await simulator.end('SIGKILL');
    await agent.close();
    rmSync(data, { recursive: true, force: true });
  });

  const redeem = (node: string, slice: string) =>
    agent.client(node).redeem.mutate({ ticket: agent.ticket(node, slice) });

  test('each node behaves as it was told', async () => {
    const slice = sliceUrn('sim');
    const state = async (name: string, waitWhile: 'starting') =>
      (await agent.client(nodeUrn(name)).sliver.query({ slice, waitWhile, waitMs: 10_000 })).state;
    await redeem(nodeUrn('normal'), slice);
    expect(await state('normal', 'starting')).toBe('running');
    const slowFrom = performance.now();
    await redeem(nodeUrn('slow'), slice);
    expect(await state('slow', 'starting')).toBe('running');
    expect(performance.now() - slowFrom).toBeGreaterThan(400);
    await expect(orRefused(redeem(nodeUrn('down'), slice))).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
    await redeem(nodeUrn('failing'), slice);
    await until(
      'it to fail',
      async () => (await agent.client(nodeUrn('failing')).sliver.query({ slice })).state === 'failed',
    );
    expect((await agent.client(nodeUrn('failing')).sliver.query({ slice })).reason).toMatchObject({
      code: 'START_FAILED',
      facts: { attempts: 3 },
    });
    await until('the word of it', () =>
      agent.heartbeats.some((h) => h.node === nodeUrn('failing') && h.slivers.some((s) => s.state === 'failed')),
    );
  });

  test('comes back with its leases after SIGKILL', async () => {
    const slice = sliceUrn('back');
    const ticket = agent.ticket(nodeUrn('normal'), slice);
    const { lease } = await agent.client(nodeUrn('normal')).redeem.mutate({ ticket });
    await simulator.end('SIGKILL');
    simulator = NodeProcess.start('node-manager/simulator.ts', env);
    await simulator.ready();
    expect(await agent.client(nodeUrn('normal')).redeem.mutate({ ticket })).toMatchObject({ lease, again: true });
    expect(
      (await agent.client(nodeUrn('normal')).sliver.query({ slice, waitWhile: 'starting', waitMs: 5000 })).state,
    ).toBe('running');
  });
});
