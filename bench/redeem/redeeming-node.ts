import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { agentStub, until } from '@/node-manager/testing/agent-stub';
import { selfIssue } from '@/protocol/pki/identity';
import { serviceManagerUrn } from '@/protocol/pki/names';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { type IdentityKey, thumbprint } from '@/protocol/statement/keys';
import { closeClients, type NodeManagerClient, nodeManagerClient } from '@/protocol/transport/client';
import { freePort } from '@/tools/postgres.mjs';
import { cpuOf } from '../tickets/cpu';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const URN = 'urn:publicid:IDN+meridian:bench+node+n0';
/** So much that every ticket fits. */
const CAPACITY = { cpuMilli: 1_024_000, memoryMiB: 16_000_000, diskMiB: 500_000_000, networkKbps: 300_000_000 };
/** Each holds as many connections as a service manager's process holds to one node. */
const CALLERS = 4;

export type RedeemingNode = {
  /** One client of each caller: calls that are under way at once go over connections of their own. */
  clients: NodeManagerClient[];
  /** A ticket of its own slice, that starts now. */
  ticket(): { slice: string; text: string };
  /** Who signs tickets: the node verifies with this key. */
  agentKey: IdentityKey;
  /** Commits to the journal so far. */
  commits(): Promise<number>;
  /** CPU time in µs that the node's main thread has taken so far. */
  cpu(): number;
  stop(): Promise<void>;
};

/** A node manager's own process with the simulated driver, enrolled with an agent that issues whatever it is asked for. */
export async function startRedeemingNode(): Promise<RedeemingNode> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-bench-redeem-'));
  const agent = await agentStub();
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, ['--import', 'tsx', 'node-manager/main.ts'], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      MERIDIAN_NODE_DATA: folder,
      MERIDIAN_NODE_LISTEN: address,
      MERIDIAN_NODE_DRIVER: 'simulated',
      MERIDIAN_NODE_TOKEN: agent.token(URN),
      MERIDIAN_NODE_CAPACITY: JSON.stringify(CAPACITY),
      MERIDIAN_SUPERVISED: '1',
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  await new Promise<void>((ready, failed) => {
    child.once('exit', (code) => failed(new Error(`the node ended with ${code}`)));
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => line.includes('"msg":"ready"') && ready());
  });
  await until('the delegation', () => agent.delegations.has(URN));
  const key = agent.nodes.get(URN)?.key;
  if (!key) throw new Error('the node did not enrol');
  const target = { address, urn: URN, jkt: thumbprint(key) };
  const identities = await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      const { identity } = await selfIssue(agent.ca, serviceManagerUrn('meridian'), agent.managerKey, new Date());
      return () => identity;
    }),
  );
  const clients = identities.map((identity) => nodeManagerClient(target, identity));
  let slices = 0;
  return {
    clients,
    agentKey: agent.agentKey,
    ticket() {
      const slice = `urn:publicid:IDN+meridian:bench+slice+bench_s${slices++}`;
      const resources = { ...DEFAULT_RESOURCES, cpuMilli: 1, memoryMiB: 1, diskMiB: 1, networkKbps: 1 };
      return { slice, text: agent.ticket(URN, slice, { resources }) };
    },
    async commits() {
      return (await clients[0]?.status.query())?.journalSequence ?? Number.NaN;
    },
    cpu: () => cpuOf(child.pid ?? 0),
    async stop() {
      await Promise.all(identities.map(closeClients));
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await agent.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
