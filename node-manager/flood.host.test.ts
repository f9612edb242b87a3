import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TlsIdentity } from '@/protocol/pki/identity';
import { tlsName } from '@/protocol/pki/names';
import { GATE_BOUNDS } from '@/protocol/transport/gate';
import { type AgentStub, agentStub, nodeUrn, sliceUrn, tempDirectory, until } from './testing/agent-stub';
import { NO_TRACES, tracesOf } from './testing/host';
import { freePort, NodeProcess } from './testing/node-process';

/** Garbage, oversized, slow and half-open connections against a node's port while it works. */
const NODE = nodeUrn('flood.lab.example');
const SLICE = sliceUrn('flood');
const SECONDS = Number(process.env.MERIDIAN_TEST_FLOOD_SECONDS ?? 4);

let agent: AgentStub;
let data: string;
let node: NodeProcess;
let port: number;
let stop = false;
const open = new Set<Socket>();
const sent = { garbage: 0, 'half-open': 0, 'slow handshake': 0, oversized: 0, 'slow body': 0, strangers: 0 };

beforeAll(async () => {
  agent = await agentStub();
  data = tempDirectory('flood');
  port = await freePort();
  node = NodeProcess.start('node-manager/main.ts', {
    MERIDIAN_NODE_DATA: data,
    MERIDIAN_NODE_LISTEN: `127.0.0.1:${port}`,
    MERIDIAN_NODE_TOKEN: agent.token(NODE),
    MERIDIAN_NODE_HEARTBEAT_MS: '300',
    MERIDIAN_NODE_STOP_SLIVERS_ON_EXIT: '1',
  });
  await until('enrolment and delegation', () => agent.delegations.get(NODE), 30_000);
});
afterAll(async () => {
  stop = true;
  for (const socket of open) socket.destroy();
  await node.end('SIGTERM');
  expect(tracesOf(NODE, data)).toEqual(NO_TRACES);
  await agent.close();
  rmSync(data, { recursive: true, force: true });
});

test('heartbeats, calls and slivers go on under a flood, and nothing of it stays', { timeout: 60_000 }, async () => {
  const client = agent.client(NODE);
  await client.redeem.mutate({ ticket: agent.ticket(NODE, SLICE), waitMs: 5_000 });
  await until('the sliver to run', async () => (await client.sliver.query({ slice: SLICE })).state === 'running');
  const before = residentMiB();
  const began = Date.now();
  const lanes = Object.keys(sent).flatMap(
    (kind) => Array.from({ length: 3 }, () => lane(kind as keyof typeof sent)), // its own keys
  );
  const waits: number[] = [];
  let atOnce = 0;
  while (Date.now() - began < SECONDS * 1000) {
    const asked = performance.now();
    expect((await client.exec.mutate({ slice: SLICE, argv: ['hostname'] })).stdout).toContain('flood');
    waits.push(performance.now() - asked);
    atOnce = Math.max(atOnce, heldByNode());
    await new Promise((done) => setTimeout(done, 100));
  }
  // Somebody new, of another address than the flood's, gets in beside it.
  expect(await statusFrom('127.0.0.2', await agent.identity(nodeUrn('other')))).toContain('NOT_ALLOWED');
  stop = true;
  await Promise.all(lanes);
  const beats = agent.heartbeats.filter((beat) => Date.parse(beat.at) >= began).map((beat) => Date.parse(beat.at));
  const gaps = beats.map((at, i) => at - (beats[i - 1] ?? began));
  console.info(
    `flood of ${JSON.stringify(sent)} in ${SECONDS} s: ${beats.length} heartbeats, longest gap ${Math.max(...gaps)} ms; ` +
      `${waits.length} calls, slowest ${Math.round(Math.max(...waits))} ms; at most ${atOnce} files and connections held at once; memory ${before} to ${residentMiB()} MiB`,
  );
  expect(beats.length).toBeGreaterThan((SECONDS * 1000) / 300 / 3);
  expect(Math.max(...gaps)).toBeLessThan(2_500);
  expect(Math.max(...waits)).toBeLessThan(2_500);
  expect(residentMiB() - before).toBeLessThan(200);
  expect(atOnce).toBeLessThan(2 * GATE_BOUNDS.maxStrangersOfAddress);
  const cutFrom = Date.now();
  // The server itself cuts the slow ones: none of ours is ended from here.
  await until('what hangs to be cut', () => open.size === 0, 20_000);
  console.info(`all that hung was cut ${Date.now() - cutFrom} ms after the flood`);
  expect((await client.sliver.query({ slice: SLICE })).state).toBe('running');
  await client.release.mutate({ slice: SLICE });
});

/** One connection after the other of a kind; of those that hang, thousands beside each other. */
async function lane(kind: keyof typeof sent): Promise<void> {
  while (!stop) {
    sent[kind] += 1;
    const socket = ATTACKS[kind]();
    open.add(socket);
    socket
      .on('error', () => {})
      .on('close', () => open.delete(socket))
      .resume();
    const hangs = kind === 'half-open' || kind.startsWith('slow');
    await new Promise<void>((done) => {
      socket.once('close', () => done());
      setTimeout(done, hangs ? 2 : 1_000);
    });
  }
}

const tls = () =>
  tlsConnect({ host: '127.0.0.1', port, servername: tlsName(NODE), rejectUnauthorized: false, minVersion: 'TLSv1.3' });
const head = (length: number) =>
  `POST /trpc/redeem HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

/** What the node answers to somebody with a good certificate who calls `status` from that address. */
function statusFrom(localAddress: string, { privateKeyPem, certificatePem, caPem }: TlsIdentity): Promise<string> {
  return new Promise((done, failed) => {
    const socket = tlsConnect({
      ...{ host: '127.0.0.1', port, localAddress, servername: tlsName(NODE), minVersion: 'TLSv1.3' },
      ...{ key: privateKeyPem, cert: certificatePem + caPem, ca: caPem, checkServerIdentity: () => undefined },
    });
    let said = '';
    socket.on('data', (chunk) => (said += chunk)).once('error', failed);
    socket.once('close', () => done(said)).setTimeout(10_000, () => socket.destroy(new Error('no answer')));
    socket.write('POST /trpc/status HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
  });
}

const ATTACKS: Record<keyof typeof sent, () => Socket> = {
  garbage: () =>
    connect(port, '127.0.0.1').on('connect', function garble(this: Socket) {
      this.end(Buffer.alloc(4096, 'not TLS at all \u0000\u0016\u0003\u0001'));
    }),
  'half-open': () => connect(port, '127.0.0.1'),
  'slow handshake': () =>
    connect(port, '127.0.0.1').on('connect', function begin(this: Socket) {
      this.write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])); // the first bytes of a hello, and no more
    }),
  oversized: () => {
    const socket = tls();
    return socket.on('secureConnect', () => socket.write(head(1e9) + 'x'.repeat(200_000)));
  },
  'slow body': () => {
    const socket = tls();
    return socket.on('secureConnect', () => socket.write(`${head(1000)}{"ticket":"`));
  },
  strangers: () => {
    const socket = tls();
    return socket.on('secureConnect', () => socket.write(`${head(2)}{}`));
  },
};

/** Descriptors that the node holds: not what this busy process thinks is open still. */
function heldByNode(): number {
  return readdirSync(`/proc/${node.child.pid}/fd`).length;
}

function residentMiB(): number {
  const pages = readFileSync(`/proc/${node.child.pid}/statm`, 'utf8').split(' ')[1];
  return Math.round((Number(pages) * 4096) / 1_048_576);
}
