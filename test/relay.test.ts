import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MAX_CALLERS_OF_ADDRESS, SPARE } from '@/agent/relay/line';
import { Relay, type RelayOptions } from '@/agent/relay/relay';
import { Refused } from '@/core/errors';
import { programLog } from '@/node-manager/log';
import { RelayLine } from '@/node-manager/relay/relay-line';
import { until } from '@/node-manager/testing/agent-stub';
import { type AgentService, agentRouter } from '@/protocol/agent/router';
import { type NodeManagerService, nodeManagerRouter } from '@/protocol/node-manager/router';
import { type Ca, createCa } from '@/protocol/pki/certificate';
import { selfIssue, type TlsIdentity } from '@/protocol/pki/identity';
import { agentUrn, serviceManagerUrn, tlsName } from '@/protocol/pki/names';
import { generateIdentityKey } from '@/protocol/statement/keys';
import { agentClient, closeClients, nodeManagerClient, orRefused } from '@/protocol/transport/client';
import { greeting, newRelayId } from '@/protocol/transport/relay';
import { serveTransport } from '@/protocol/transport/server';

/** An agent's relay, nodes that attend it and callers, in one process, over real TLS. No database: who is enrolled is a set. */
const nodeUrn = 'urn:publicid:IDN+meridian:oslo+node+hidden';
const otherUrn = 'urn:publicid:IDN+meridian:oslo+node+other';
const slice = 'urn:publicid:IDN+meridian:oslo+slice+oslo_a';
const log = programLog('test', 'silent');

let ca: Ca;
let agent: TlsIdentity;
let sm: TlsIdentity;
let hidden: TlsIdentity;
let other: TlsIdentity;
const enrolled = new Set<string>();
const revoked = new Set<string>();
const ends: (() => unknown)[] = [];

const identity = async (urn: string) => (await selfIssue(ca, urn, generateIdentityKey(), new Date())).identity;
const keyOf = ({ urn, jkt }: { urn: string; jkt: string }) => `${urn} ${jkt}`;

beforeAll(async () => {
  ca = await createCa({ authority: 'meridian', now: new Date() });
  [agent, sm, hidden, other] = await Promise.all([
    identity(agentUrn('meridian')),
    identity(serviceManagerUrn('meridian')),
    identity(nodeUrn),
    identity(otherUrn),
  ]);
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  revoked.clear();
});

async function relayAgent(port = 0, times: RelayOptions['times'] = {}) {
  enrolled.add(keyOf(hidden)).add(keyOf(other));
  const relay = new Relay({
    ownName: tlsName(agent.urn),
    enrolled: (keys) => Promise.resolve(new Set(keys.map(keyOf).filter((key) => enrolled.has(key)))),
    log,
    times,
  });
  const refuse = () => Promise.reject(new Refused('NOT_FOUND', { kind: 'procedure', id: 'not in this stub' }));
  const service = new Proxy({} as AgentService, {
    get: (_, name) => (name === 'attend' ? relay.attend.bind(relay) : refuse),
  });
  const server = await serveTransport(
    {
      router: agentRouter,
      anonymous: true,
      identity: () => agent,
      isRevoked: (peer) => revoked.has(peer.jkt),
      context: ({ peer }) => ({ peer, service }),
      front: relay.front,
    },
    { host: '127.0.0.1', port },
  );
  const close = async () => {
    const closing = server.close(200);
    relay.close();
    await closing;
  };
  ends.push(close);
  const address = `127.0.0.1:${server.port}`;
  return { relay, address, port: server.port, close, target: { address, urn: agent.urn, jkt: agent.jkt } };
}
type RelayAgent = Awaited<ReturnType<typeof relayAgent>>;

/** A node that listens on a port that nobody is told, and attends. Answers `keys` with who called and by what name it was. */
async function node(of: Pick<RelayAgent, 'target'>, who = hidden, says = who.urn, answerMs = 10_000) {
  const calls = { running: 0 };
  const service = new Proxy({} as NodeManagerService, {
    get: (_, name) => async (peer: { jkt: string }, input: { argv?: string[] }, signal?: AbortSignal) => {
      if (name === 'keys') return { keys: [peer.jkt, says] };
      if (name === 'exec')
        return {
          exitCode: 0,
          signal: null,
          stdout: 'x'.repeat(Number(input.argv?.[0])),
          stderr: '',
          durationMs: 1,
          truncated: false,
          timedOut: false,
        };
      calls.running += 1;
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
      calls.running -= 1;
      throw new Refused('NO_LEASE', { slice, node: who.urn });
    },
  });
  const server = await serveTransport(
    {
      router: nodeManagerRouter,
      identity: () => who,
      isRevoked: (peer) => revoked.has(peer.jkt),
      bounds: { handshakeMs: 1_000, headersMs: 1_000 },
      context: ({ peer }) => ({ peer, service }),
    },
    { host: '127.0.0.1', port: 0 },
  );
  const source = () => who;
  const line = new RelayLine({
    node: who.urn,
    agent: () => of.target,
    identity: source,
    accept: (s) => server.accept(s),
    answerMs,
    log,
  });
  line.begin();
  const stop = async () => {
    await line.stop();
    await server.close(100);
    await closeClients(source);
  };
  ends.push(stop);
  return { calls, stop };
}

/** A wire to a port of this host that can be cut: what is sent is lost, and neither end is told. */
async function blackHole(port: number) {
  let dead = false;
  const sockets = new Set<Socket>();
  const server = createServer((one) => {
    const other = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      sockets.add(from);
      const lost = dead; // a connection that was begun while the wire was cut never comes to be
      from.on('error', () => {}).on('data', (data) => dead || lost || to.write(data));
      from.on('close', () => {
        sockets.delete(from);
        if (!dead) to.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port: own } = server.address() as AddressInfo; // a TCP server has one
  return {
    address: `127.0.0.1:${own}`,
    cut: (cut: boolean) => {
      dead = cut;
    },
  };
}

/** A caller of its own, so that its connections are new ones. */
function caller(of: RelayAgent, as = sm, urn = nodeUrn, jkt = hidden.jkt) {
  const source = () => as;
  ends.push(() => closeClients(source));
  return nodeManagerClient({ address: of.address, urn, jkt }, source, { answerMs: 3_000 });
}
const keysBy = (client: ReturnType<typeof caller>) => orRefused(client.keys.query({ slice }));
const attended = (of: RelayAgent, nodes = 1) => until('the nodes to attend', () => of.relay.facts.nodes === nodes);

describe('a node that cannot be dialled', () => {
  test('is called by way of its agent, as itself, by a caller whom it sees as itself', async () => {
    const of = await relayAgent();
    await node(of);
    await attended(of);
    expect(await keysBy(caller(of))).toEqual({ keys: [sm.jkt, nodeUrn] });
    await expect(keysBy(caller(of, sm, nodeUrn, other.jkt))).rejects.toMatchObject({
      code: 'NODE_UNREACHABLE',
      facts: { cause: 'its key is not the enrolled one' },
    });
    revoked.add(sm.jkt);
    await expect(keysBy(caller(of))).rejects.toMatchObject({ code: 'REVOKED' });
  });

  test('many callers at once, long polls among them, and answers larger than any buffer', async () => {
    const of = await relayAgent();
    const { calls } = await node(of);
    await attended(of);
    const client = caller(of);
    const stop = new AbortController();
    const polls = Array.from({ length: 4 }, () => client.sliver.query({ slice }, { signal: stop.signal }));
    for (const poll of polls) poll.catch(() => {});
    await until('the long polls to arrive', () => calls.running === 4);
    const all = await Promise.all(Array.from({ length: 40 }, (_, i) => keysBy(i % 2 ? client : caller(of))));
    expect(all.every(({ keys }) => keys[0] === sm.jkt)).toBe(true);
    const { stdout } = await client.exec.mutate({ slice, argv: ['200000'] });
    expect(stdout).toHaveLength(200_000);
    stop.abort();
    await until('the long polls to be gone at the node', () => calls.running === 0);
  });

  test('is back by itself when its agent was restarted, or it was', async () => {
    const first = await relayAgent();
    const one = await node(first);
    await attended(first);
    await keysBy(caller(first));
    await first.close();
    await expect(keysBy(caller(first))).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
    const second = await relayAgent(first.port);
    expect(await keysBy(caller(second))).toEqual({ keys: [sm.jkt, nodeUrn] }); // waits for the node to be back
    await one.stop();
    await node(second);
    expect(await keysBy(caller(second))).toEqual({ keys: [sm.jkt, nodeUrn] });
  });

  test('is let go when the wire is cut and nobody is told, and is back when it is mended', async () => {
    const of = await relayAgent(0, { holdMs: 200, graceMs: 300, hopeMs: 100 });
    const wire = await blackHole(of.port);
    const behind = { ...of.target, address: wire.address };
    const { calls } = await node({ target: behind }, hidden, nodeUrn, 600);
    await attended(of);
    const client = caller(of);
    await keysBy(client);
    const poll = orRefused(client.sliver.query({ slice }));
    poll.catch(() => {});
    await until('the call to run', () => calls.running === 1);
    wire.cut(true);
    await expect(poll).rejects.toMatchObject({ code: 'NODE_UNREACHABLE', facts: { cause: 'connection lost' } });
    expect(of.relay.facts).toEqual({ nodes: 0, callers: 0 });
    await expect(keysBy(caller(of))).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
    wire.cut(false);
    await attended(of);
    expect((await keysBy(caller(of))).keys[0]).toBe(sm.jkt);
  });

  test('is said to be away when it is', async () => {
    const of = await relayAgent(0, { hopeMs: 100 });
    await expect(keysBy(caller(of))).rejects.toMatchObject({
      code: 'NODE_UNREACHABLE',
      facts: { cause: 'it is reached through its agent, to which it has no line now' },
    });
  });

  test('is cut off at once when its key is revoked', async () => {
    const of = await relayAgent();
    const { calls } = await node(of);
    await attended(of);
    const client = caller(of);
    const poll = orRefused(client.sliver.query({ slice }));
    poll.catch(() => {});
    await until('the call to run', () => calls.running === 1);
    enrolled.delete(keyOf(hidden));
    revoked.add(hidden.jkt);
    await expect(poll).rejects.toMatchObject({ code: 'NODE_UNREACHABLE', facts: { cause: 'connection lost' } });
    expect(of.relay.facts).toEqual({ nodes: 0, callers: 0 });
  });
});

describe('nobody else takes a node’s calls', () => {
  test('another enrolled node attends under its own name only, and a key that is not enrolled under none', async () => {
    const of = await relayAgent(0, { hopeMs: 100 });
    await node(of, other, 'the impostor');
    await attended(of);
    await expect(keysBy(caller(of))).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
    expect(await keysBy(caller(of, sm, otherUrn, other.jkt))).toEqual({ keys: [sm.jkt, 'the impostor'] });
    // A certificate in the node's name, from the right CA, for a key that was never enrolled.
    const forged = await identity(nodeUrn);
    const source = () => forged;
    const attend = agentClient(of.target, source).attend.mutate({ session: 'x'.repeat(16) });
    await expect(orRefused(attend)).rejects.toMatchObject({ code: 'NODE_NOT_ENROLLED' });
    await closeClients(source);
    expect(of.relay.facts.nodes).toBe(1);
  });

  test('a service manager cannot attend', async () => {
    const of = await relayAgent();
    const attend = agentClient(of.target, sm).attend.mutate({ session: 'x'.repeat(16) });
    await expect(orRefused(attend)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  });

  test('an id that was not given, or was used, opens nothing', async () => {
    const of = await relayAgent();
    const client = agentClient(of.target, () => hidden);
    const { dial } = await client.attend.mutate({ session: 'x'.repeat(16) });
    expect(dial).toHaveLength(SPARE);
    const greet = async (id: string) => {
      const socket = connect(of.port, '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      socket.write(greeting(id));
      return socket;
    };
    const closed = (socket: Socket) => until('it to be closed', () => socket.destroyed || socket.readableEnded);
    await closed((await greet(newRelayId())).resume());
    const first = await greet(dial[0] ?? '');
    await closed((await greet(dial[0] ?? '')).resume());
    expect(first.destroyed).toBe(false);
    // What speaks before its caller does is no node of ours.
    first.resume().write('HTTP/1.1 200 OK\r\n');
    await closed(first);
  });
});

test('strangers from one address cannot take all of a node’s places, and lose theirs', async () => {
  const of = await relayAgent();
  await node(of);
  await attended(of);
  const strangers = Array.from({ length: MAX_CALLERS_OF_ADDRESS + 20 }, () => {
    const options = { host: '127.0.0.1', port: of.port, localAddress: '127.0.0.2', servername: tlsName(nodeUrn) };
    return connectTls({ ...options, rejectUnauthorized: false })
      .on('error', () => {})
      .resume();
  });
  ends.push(() => {
    for (const socket of strangers) socket.destroy();
  });
  await until('the last of them to be refused', () => strangers.filter((socket) => socket.destroyed).length === 20);
  expect(of.relay.facts.callers).toBe(MAX_CALLERS_OF_ADDRESS);
  expect((await keysBy(caller(of))).keys[0]).toBe(sm.jkt);
  await until('those without a call to be cut by the node', () => strangers.every((socket) => socket.destroyed), 9_000);
  await until('their places to be free', () => of.relay.facts.callers <= 1);
}, 15_000);

test('garbage, oversized, slow and half-open connections to the agent leave its calls alone', async () => {
  const of = await relayAgent(0, { openingMs: 1_000 });
  await node(of);
  await attended(of);
  const sockets = Array.from({ length: 60 }, (_, i) => {
    const socket = connect(of.port, '127.0.0.1').on('error', () => {});
    if (i % 4 === 0) socket.write(randomBytes(20_000));
    if (i % 4 === 1) socket.write(Buffer.from([22, 3, 1, 0x1f, 0xff, 1]));
    if (i % 4 === 2) socket.write('MERIDIAN-RELAY/1 ');
    return socket.resume();
  });
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
  });
  const client = caller(of);
  for (let i = 0; i < 20; i++) expect((await keysBy(client)).keys[0]).toBe(sm.jkt);
  await until('all of them to be cut', () => sockets.every((socket) => socket.destroyed), 8_000);
  expect((await keysBy(caller(of))).keys[0]).toBe(sm.jkt);
}, 15_000);
