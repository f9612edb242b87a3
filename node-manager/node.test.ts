import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { verifyStatement } from '@/protocol/statement/verify';
import { orRefused } from '@/protocol/transport/client';
import { newStatementId } from './lease/redeem';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from './testing/agent-stub';
import { freePort, NodeProcess } from './testing/node-process';

const NODE = nodeUrn('alpha.lab.example');
const CAPACITY = { cpuMilli: 1000, memoryMiB: 512, diskMiB: 4096, networkKbps: 10_000 };

let agent: AgentStub;
let data: string;
let env: Record<string, string>;
let node: NodeProcess;
const refused = (call: Promise<unknown>) =>
  orRefused(call).then(
    () => 'done',
    (err: unknown) => (err instanceof Refused ? err.code : err),
  );

beforeAll(async () => {
  agent = await agentStub();
  data = tempDirectory('node');
  const address = `127.0.0.1:${await freePort()}`;
  env = {
    MERIDIAN_NODE_DATA: data,
    MERIDIAN_NODE_LISTEN: address,
    MERIDIAN_NODE_TOKEN: agent.token(NODE),
    MERIDIAN_NODE_DRIVER: 'simulated',
    MERIDIAN_NODE_HEARTBEAT_MS: '300',
    MERIDIAN_NODE_CAPACITY: JSON.stringify(CAPACITY),
  };
  node = NodeProcess.start('node-manager/main.ts', env);
  await node.ready();
  await until('the delegation', () => agent.delegations.get(NODE));
});
afterAll(async () => {
  await node.end('SIGKILL');
  await agent.close();
  rmSync(data, { recursive: true, force: true });
});

describe('a node manager, as a process', { timeout: 30_000 }, () => {
  const slice = sliceUrn('one');
  afterEach(async () => {
    for (const { slice } of (await agent.client(NODE).slivers.query()).slivers)
      await agent.client(NODE).release.mutate({ slice });
  });

  test('redeems a ticket into a signed lease and a running sliver, and says so to its agent', async () => {
    const client = agent.client(NODE);
    const ticket = agent.ticket(NODE, slice);
    const { lease, again } = await client.redeem.mutate({ ticket });
    expect(again).toBe(false);
    const key = agent.nodes.get(NODE)?.key;
    if (!key) throw new Error('not enrolled');
    expect(verifyStatement('lease+jwt', lease, key)).toMatchObject({ node: NODE, slice });
    const sliver = await client.sliver.query({ slice, waitWhile: 'starting', waitMs: 5000 });
    expect(sliver).toMatchObject({ state: 'running', simulated: true });
    await until('the heartbeat', () =>
      agent.heartbeats.some((h) => h.slivers.some((s) => s.slice === slice && s.state === 'running')),
    );
    expect(await client.redeem.mutate({ ticket })).toMatchObject({ lease, again: true });
    expect((await client.exec.mutate({ slice, argv: ['hostname'] })).stdout).toBe('lab-one.alpha\n');
  });

  test('the same ticket many times at once is one lease', async () => {
    const client = agent.client(NODE);
    const ticket = agent.ticket(NODE, slice);
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.redeem.mutate({ ticket })));
    expect(new Set(answers.map((a) => a.lease)).size).toBe(1);
    expect(answers.filter((a) => !a.again)).toHaveLength(1);
  });

  test('a released ticket is spent, a burnt one never becomes a lease', async () => {
    const client = agent.client(NODE);
    const ticket = agent.ticket(NODE, slice);
    await client.redeem.mutate({ ticket });
    const late = { iss: agent.agentKey.jkt, jti: newStatementId() };
    const released = await client.release.mutate({ slice, burn: [late] });
    expect(released.outcome).toBe('released');
    expect(released.receipts).toHaveLength(2);
    expect(await refused(client.redeem.mutate({ ticket }))).toBe('TICKET_SPENT');
    expect(await refused(client.redeem.mutate({ ticket: agent.ticket(NODE, slice, late) }))).toBe('TICKET_BURNT');
    expect(await client.release.mutate({ slice, burn: [late] })).toMatchObject({
      outcome: 'nothing',
      receipts: [expect.any(String)],
    });
    expect((await client.sliver.query({ slice })).state).toBe('gone');
  });

  test('says no, and why', async () => {
    const client = agent.client(NODE);
    await client.redeem.mutate({ ticket: agent.ticket(NODE, slice) });
    expect(await refused(client.redeem.mutate({ ticket: agent.ticket(NODE, slice) }))).toBe('ALREADY_LEASED');
    const other = sliceUrn('two');
    const wants = (more: Partial<typeof DEFAULT_RESOURCES>) =>
      agent.ticket(NODE, other, { resources: { ...DEFAULT_RESOURCES, ...more } });
    await expect(orRefused(client.redeem.mutate({ ticket: wants({ memoryMiB: 500 }) }))).rejects.toMatchObject({
      code: 'NODE_FULL',
      facts: { resource: 'memoryMiB', wants: 500, free: 384, capacity: 512 },
    });
    expect(await refused(client.redeem.mutate({ ticket: wants({ memoryMiB: 600 }) }))).toBe('EXCEEDS_PARENT');
    expect(await refused(client.redeem.mutate({ ticket: wants({ image: 'huge' }) }))).toBe('IMAGE_UNKNOWN');
    expect(await refused(client.redeem.mutate({ ticket: wants({ profile: 'root' }) }))).toBe('PROFILE_UNKNOWN');
    expect(await refused(client.sliver.query({ slice: sliceUrn('none') }))).toBe('NO_LEASE');
    expect(
      await refused(client.redeem.mutate({ ticket: agent.ticket(NODE, other, { cnf: { jkt: agent.agentKey.jkt } }) })),
    ).toBe('WRONG_HOLDER');
  });

  test('another key of the deployment may neither change nor see a lease', async () => {
    await agent.client(NODE).redeem.mutate({ ticket: agent.ticket(NODE, slice) });
    for (const urn of [
      `urn:publicid:IDN+meridian+authority+sm`,
      nodeUrn('beta'),
      `urn:publicid:IDN+meridian+authority+am`,
    ]) {
      const client = agent.client(NODE, await agent.identity(urn));
      const calls = [
        client.release.mutate({ slice }),
        client.sliver.query({ slice }),
        client.slivers.query(),
        client.exec.mutate({ slice, argv: ['id'] }),
        client.setKeys.mutate({ slice, keys: [] }),
      ];
      expect(await Promise.all(calls.map(refused))).toEqual(calls.map(() => 'NOT_ALLOWED'));
    }
  });

  test('a closed node and a revoked key are honoured at the next heartbeat, and after a restart', async () => {
    agent.answer.adminSwitch = 'closed';
    agent.answer.revokedKeys = [agent.agentKey.jkt];
    const ticket = agent.ticket(NODE, slice);
    await until(
      'the word to arrive',
      async () =>
        (await refused(agent.client(NODE).redeem.mutate({ ticket: agent.ticket(NODE, sliceUrn('never')) }))) ===
        'REVOKED',
      15_000,
    );
    await node.end('SIGKILL');
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    expect(await refused(agent.client(NODE).redeem.mutate({ ticket }))).toBe('REVOKED');
    agent.answer.revokedKeys = [];
    await until(
      'the key to count again',
      async () => (await refused(agent.client(NODE).redeem.mutate({ ticket }))) === 'NODE_CLOSED',
      15_000,
    );
    agent.answer.adminSwitch = 'open';
    await until(
      'it to open',
      async () => (await refused(agent.client(NODE).redeem.mutate({ ticket }))) === 'done',
      15_000,
    );
  });

  test('a lease outlives SIGKILL, and its keys too', async () => {
    const ticket = agent.ticket(NODE, slice);
    const { lease } = await agent.client(NODE).redeem.mutate({ ticket });
    const line = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample ada';
    await agent.client(NODE).setKeys.mutate({ slice, keys: [line] });
    await node.end('SIGKILL');
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
    expect(await agent.client(NODE).redeem.mutate({ ticket })).toMatchObject({ lease, again: true });
    expect((await agent.client(NODE).keys.query({ slice })).keys).toEqual([line]);
  });

  test('renews its certificate at half life, and after it lapsed while the node was off', async () => {
    const urn = nodeUrn('lapse.lab.example');
    const lapseData = tempDirectory('lapse');
    const lapseEnv = {
      ...env,
      MERIDIAN_NODE_DATA: lapseData,
      MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
      MERIDIAN_NODE_TOKEN: agent.token(urn),
    };
    const beats = () => agent.heartbeats.filter((h) => h.node === urn).length;
    agent.state.certificateMs = 3_000;
    let second = NodeProcess.start('node-manager/main.ts', lapseEnv);
    try {
      await until('a renewal', () => agent.state.renewals > 0 && beats() > 0, 20_000);
      await second.end('SIGKILL');
      const lapsed = Date.now() + 3_000;
      await until('the certificate to lapse', () => Date.now() > lapsed);
      const before = { renewals: agent.state.renewals, beats: beats() };
      second = NodeProcess.start('node-manager/main.ts', lapseEnv);
      await until('it to be heard again', () => beats() > before.beats, 20_000);
      expect(agent.state.renewals).toBeGreaterThan(before.renewals);
    } finally {
      agent.state.certificateMs = null;
      await second.end('SIGKILL');
      rmSync(lapseData, { recursive: true, force: true });
    }
  });

  test('ends cleanly on SIGTERM', async () => {
    expect(await node.end('SIGTERM')).toBe(0);
    node = NodeProcess.start('node-manager/main.ts', env);
    await node.ready();
  });
});
