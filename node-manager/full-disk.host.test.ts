import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { orRefused } from '@/protocol/transport/client';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from './testing/agent-stub';
import { hostLacks, NO_TRACES, tracesOf } from './testing/host';
import { freePort, NodeProcess } from './testing/node-process';

// A node whose data lies on a small disk of its own, which somebody fills.
const lacks = await hostLacks('a full disk');
const NODE = nodeUrn('full.lab.example');
let agent: AgentStub;
let data: string;
let node: NodeProcess;
let env: Record<string, string>;
const client = () => agent.client(NODE);
const refused = (call: Promise<unknown>) =>
  orRefused(call).then(
    () => 'done',
    (err: unknown) => (err instanceof Refused ? err.code : err),
  );

beforeAll(async () => {
  if (lacks.length > 0) return;
  agent = await agentStub();
  data = tempDirectory('full');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0711', 'tmpfs', data]);
  env = {
    MERIDIAN_NODE_DATA: data,
    MERIDIAN_NODE_LISTEN: `127.0.0.1:${await freePort()}`,
    MERIDIAN_NODE_TOKEN: agent.token(NODE),
    MERIDIAN_NODE_HEARTBEAT_MS: '200',
    MERIDIAN_NODE_STOP_SLIVERS_ON_EXIT: '1',
    MERIDIAN_NODE_CAPACITY: JSON.stringify({ cpuMilli: 2000, memoryMiB: 4096, diskMiB: 8192, networkKbps: 100_000 }),
  };
  node = NodeProcess.start('node-manager/main.ts', env);
  await until('the delegation', () => agent.delegations.get(NODE), 30_000);
});
afterAll(async () => {
  if (lacks.length > 0) return;
  await node.end('SIGTERM');
  execFileSync('umount', [data]);
  rmSync(data, { recursive: true, force: true });
  await agent.close();
});

/** Takes every byte that is left. */
function fill(): void {
  const fd = openSync(`${data}/filler`, 'a');
  for (let size = 1_048_576; size >= 1; )
    try {
      writeSync(fd, Buffer.alloc(size, 'x'));
    } catch {
      size = Math.floor(size / 2);
    }
  closeSync(fd);
}

test('a full disk refuses new work, keeps the old, lets it go, and is used again when there is room', {
  timeout: 90_000,
}, async (ctx) => {
  if (lacks.length > 0) ctx.skip(`this host lacks ${lacks.join('; ')}`);
  const [stays, goes, late] = ['stays', 'goes', 'late'].map(sliceUrn) as [string, string, string]; // three of three
  for (const slice of [stays, goes]) {
    await client().redeem.mutate({ ticket: agent.ticket(NODE, slice), waitMs: 5_000 });
    await until(`${slice} to run`, async () => (await client().sliver.query({ slice })).state === 'running');
  }
  fill();
  await until('the word of it', () => agent.heartbeats.at(-1)?.free.diskMiB === 0);
  const ticket = agent.ticket(NODE, late);
  await expect(orRefused(client().redeem.mutate({ ticket }))).rejects.toMatchObject({
    code: 'STORAGE_FULL',
    facts: { path: expect.stringContaining(data), freeMiB: expect.any(Number) },
  });
  expect((await client().exec.mutate({ slice: stays, argv: ['hostname'] })).exitCode).toBe(0);
  expect(await client().release.mutate({ slice: goes })).toMatchObject({ outcome: 'released' });
  fill(); // also what the release and the reserve left

  await node.end('SIGKILL');
  node = NodeProcess.start('node-manager/main.ts', env);
  await node.ready();
  fill();
  expect((await client().sliver.query({ slice: stays })).state).toBe('running');
  expect((await client().exec.mutate({ slice: stays, argv: ['hostname'] })).exitCode).toBe(0);
  expect(await refused(client().redeem.mutate({ ticket }))).toBe('STORAGE_FULL');

  rmSync(`${data}/filler`);
  await until(
    'new work to be taken',
    async () => (await refused(client().redeem.mutate({ ticket }))) === 'done',
    15_000,
  );
  for (const slice of [stays, late]) await client().release.mutate({ slice });
  expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
  expect(await node.end('SIGTERM')).toBe(0);
});
