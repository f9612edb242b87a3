import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect as tcpConnect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import type { NodeManagerService } from '../node-manager/router';
import { nodeManagerRouter } from '../node-manager/router';
import { type Ca, caFingerprint, certificateSpan, createCa, issueCertificate } from '../pki/certificate';
import { type TlsIdentity, tlsIdentity } from '../pki/identity';
import { agentUrn, serviceManagerUrn, tlsName } from '../pki/names';
import { generateIdentityKey } from '../statement/keys';
import { programTrpc, refusedFrom } from '../trpc';
import { anonymousAgentClient, closeClients, nodeManagerClient, orRefused } from './client';
import { serveTransport, type TransportServer } from './server';

const now = new Date();
const nodeUrn = 'urn:publicid:IDN+meridian:oslo+node+one.oslo.example';
const otherUrn = 'urn:publicid:IDN+meridian:oslo+node+two.oslo.example';

async function identityFor(
  ca: Ca,
  urn: string,
  span = certificateSpan(now),
  key = generateIdentityKey(),
): Promise<TlsIdentity> {
  const issued = await issueCertificate({ ca, publicJwk: key.jwk, urn, ...span });
  return tlsIdentity(key, issued.pem, ca.certificatePem);
}

/** Answers `keys` with the caller's jkt, throws a refusal for `status`, a bug for `slivers`, and never answers `sliver`. */
const service: NodeManagerService = new Proxy({} as NodeManagerService, {
  get: (_target, name) => async (peer: { jkt: string }, _input: unknown, signal?: AbortSignal) => {
    if (name === 'keys') return { keys: [peer.jkt] };
    if (name === 'status') throw new Refused('STORAGE_FULL', { path: '/x', freeMiB: 1 });
    if (name === 'sliver')
      return new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('gone'))));
    throw new Error('secret detail of a bug');
  },
});
const slice = 'urn:publicid:IDN+meridian+slice+oslo_a';

let ca: Ca;
let node: TlsIdentity;
let other: TlsIdentity;
let sm: TlsIdentity;
let server: TransportServer;
let clock = () => new Date();
const revoked = new Set<string>();
const bugs: string[] = [];
const extra: TlsIdentity[] = [];

beforeAll(async () => {
  ca = await createCa({ authority: 'meridian', now });
  [node, other, sm] = await Promise.all([
    identityFor(ca, nodeUrn),
    identityFor(ca, otherUrn),
    identityFor(ca, serviceManagerUrn('meridian')),
  ]);
  server = await serveTransport(
    {
      router: nodeManagerRouter,
      context: ({ peer }) => ({ peer, service }),
      identity: (name) => [node, other].find((one) => tlsName(one.urn) === name) ?? null,
      isRevoked: (peer) => revoked.has(peer.jkt),
      bounds: { maxBodyBytes: 4096, requestMs: 400, headersMs: 400 },
      onError: (error) => bugs.push(error.message),
      now: () => clock(),
    },
    { host: '127.0.0.1', port: 0 },
  );
});
afterAll(async () => {
  await Promise.all([sm, ...extra].map((one) => closeClients(one)));
  await server.close(100);
});

const target = (one: TlsIdentity) => ({ address: `127.0.0.1:${server.port}`, urn: one.urn, jkt: one.jkt });
const keysAs = (identity: TlsIdentity, of = target(node)) => {
  extra.push(identity);
  return nodeManagerClient(of, identity).keys.query({ slice });
};
async function refusal(call: Promise<unknown>): Promise<string> {
  const err = await call.then(
    () => new Error('it was not refused'),
    (reason: unknown) => reason,
  );
  const refused = refusedFrom(err);
  return refused
    ? `${refused.code}: ${refused.facts.cause ?? refused.facts.problem ?? refused.facts.max ?? ''}`
    : String(err);
}

describe('calls', () => {
  test('reach the identity that was dialled, as the key that called', async () => {
    expect(await keysAs(sm)).toEqual({ keys: [sm.jkt] });
    expect(await keysAs(sm, target(other))).toEqual({ keys: [sm.jkt] });
  });
  test('a refusal arrives as itself, a bug as nothing but that', async () => {
    const client = nodeManagerClient(target(node), sm);
    await expect(orRefused(client.status.query())).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      facts: { freeMiB: 1 },
    });
    const err: unknown = await client.slivers.query().catch((reason: unknown) => reason);
    expect(refusedFrom(err)).toBeNull();
    expect(JSON.stringify(err)).not.toContain('secret');
    expect(bugs).toContain('secret detail of a bug');
  });
  test('wrong input names the field', async () => {
    const call = nodeManagerClient(target(node), sm).keys.query({ slice: 'x' });
    await expect(orRefused(call)).rejects.toMatchObject({ code: 'INVALID_INPUT', facts: { field: 'slice' } });
  });
  test('an abort ends the call on both sides', async () => {
    const abort = new AbortController();
    const call = nodeManagerClient(target(node), sm).sliver.query({ slice }, { signal: abort.signal });
    setTimeout(() => abort.abort(), 50);
    await expect(call).rejects.toThrow(/abort/i);
  });
});

describe('each wrong peer fails as what it is', () => {
  test('a caller of another CA', async () => {
    const foreign = await identityFor(await createCa({ authority: 'meridian', now }), sm.urn);
    // The caller must trust our node for the node to get to judge the caller.
    expect(await refusal(keysAs({ ...foreign, caPem: ca.certificatePem }))).toMatch(
      /^CERTIFICATE_INVALID: .*not from this deployment/,
    );
    expect(await refusal(keysAs(foreign))).toMatch(/^NODE_UNREACHABLE: .*not from this deployment/);
  });
  test('another name and another key', async () => {
    expect(await refusal(keysAs(sm, { ...target(node), jkt: other.jkt }))).toBe(
      'NODE_UNREACHABLE: its key is not the enrolled one',
    );
    const absent = { ...target(node), urn: 'urn:publicid:IDN+meridian:oslo+node+three' };
    expect(await refusal(keysAs(sm, absent))).toBe('NODE_UNREACHABLE: nobody of that name answers there');
    const liar = await serveTransport(
      {
        router: nodeManagerRouter,
        context: ({ peer }) => ({ peer, service }),
        identity: () => other,
        isRevoked: () => false,
      },
      { host: '127.0.0.1', port: 0 },
    );
    const answer = await refusal(keysAs(sm, { ...target(node), address: `127.0.0.1:${liar.port}` }));
    expect(answer).toBe(`NODE_UNREACHABLE: its certificate is of another one (${otherUrn})`);
    await liar.close(0);
  });
  test('an expired certificate, on either side', async () => {
    const past = { notBefore: new Date(now.getTime() - 7_200_000), notAfter: new Date(now.getTime() - 3_600_000) };
    expect(await refusal(keysAs(await identityFor(ca, sm.urn, past)))).toMatch(
      /^CERTIFICATE_INVALID: it has expired; by the clock that judged it, it ended .* ago/,
    );
    const stale = await identityFor(ca, nodeUrn, past);
    const late = await serveTransport(
      {
        router: nodeManagerRouter,
        context: ({ peer }) => ({ peer, service }),
        identity: () => stale,
        isRevoked: () => false,
      },
      { host: '127.0.0.1', port: 0 },
    );
    const answer = await refusal(keysAs(sm, { ...target(stale), address: `127.0.0.1:${late.port}` }));
    expect(answer).toMatch(
      /^NODE_UNREACHABLE: its certificate has expired; by the clock that judged it, it ended .* ago/,
    );
    await late.close(0);
  });
  test('a certificate that expires, and a key that is revoked, between two calls on one connection', async () => {
    const caller = await identityFor(ca, sm.urn);
    await keysAs(caller);
    clock = () => new Date(caller.notAfter.getTime() + 1000);
    expect(await refusal(keysAs(caller))).toMatch(
      /^CERTIFICATE_INVALID: it has expired; by the clock that judged it, it ended .* ago/,
    );
    clock = () => new Date();
    await keysAs(caller);
    revoked.add(caller.jkt);
    expect(await refusal(keysAs(caller))).toMatch(/^REVOKED/);
  });
  test('no certificate', async () => {
    expect(await raw(Buffer.from('POST /trpc/keys HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}'))).toMatch(
      /403 .*none was shown/s,
    );
  });
});

describe('bounds', () => {
  test('an oversized body is refused, with and without its length said', async () => {
    const call = nodeManagerClient(target(node), sm).setKeys.mutate({ slice, keys: ['x'.repeat(9000)] });
    expect(await refusal(call)).toBe('TOO_LARGE: 4096');
    const chunk = `2000\r\n${'x'.repeat(0x2000)}\r\n`;
    const answer = await raw(
      Buffer.from(`POST /trpc/keys HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`),
      sm,
    );
    expect(answer).toMatch(/413 .*TOO_LARGE/s);
  });
  test('a slow body and slow headers are cut off', async () => {
    const slow = await raw(Buffer.from('POST /trpc/keys HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n\r\n{'), sm);
    expect(slow).toMatch(/408|^$/);
    expect(await raw(Buffer.from('POST /trpc/keys HTTP/1.1\r\nhost'), sm)).toMatch(/408|^$/);
  });
  test('plain HTTP gets nothing, and a plain server is not taken for one of ours', async () => {
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = tcpConnect(server.port, '127.0.0.1', () =>
        socket.write('POST /trpc/keys HTTP/1.1\r\nhost: x\r\n\r\n'),
      );
      socket.on('data', (data) => {
        text += data.toString();
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(text));
    });
    expect(answer).not.toContain('HTTP/1.1 200');
  });
  test('nobody there is said as such', async () => {
    expect(await refusal(keysAs(sm, { ...target(node), address: '127.0.0.1:1' }))).toBe(
      'NODE_UNREACHABLE: connection refused',
    );
    expect(await refusal(nodeManagerClient(target(node), sm, { answerMs: 100 }).sliver.query({ slice }))).toMatch(
      /no answer within 0.1 s/,
    );
  });
  test('a close cuts calls that still run at its deadline', async () => {
    const short = await serveTransport(
      {
        router: nodeManagerRouter,
        context: ({ peer }) => ({ peer, service }),
        identity: () => node,
        isRevoked: () => false,
      },
      { host: '127.0.0.1', port: 0 },
    );
    const call = refusal(
      nodeManagerClient({ ...target(node), address: `127.0.0.1:${short.port}` }, sm).sliver.query({ slice }),
    );
    setTimeout(() => void short.close(50), 100);
    expect(await call).toBe('NODE_UNREACHABLE: connection lost');
    await short.close();
  });
});

describe('without a certificate', () => {
  const t = programTrpc<{ peer: unknown }>();
  const router = t.router({ config: t.procedure.output(z.object({ peer: z.null() })).query(() => ({ peer: null })) });
  test('the agent is known by the pinned CA alone', async () => {
    const agent = await identityFor(ca, agentUrn('meridian'));
    const notAgent = await serveTransport(
      { router, anonymous: true, context: ({ peer }) => ({ peer }), identity: () => node, isRevoked: () => false },
      { host: '127.0.0.1', port: 0 },
    );
    const open = await serveTransport(
      { router, anonymous: true, context: ({ peer }) => ({ peer }), identity: () => agent, isRevoked: () => false },
      { host: '127.0.0.1', port: 0 },
    );
    const configOf = async (port: number, pin: string) => {
      const { client, close } = anonymousAgentClient(`127.0.0.1:${port}`, pin);
      return client.config.query().finally(close);
    };
    expect(await configOf(open.port, caFingerprint(ca.certificatePem))).toEqual({ peer: null });
    expect(await refusal(configOf(open.port, 'a'.repeat(64)))).toBe(
      'AGENT_UNREACHABLE: its CA is not the one in the enrolment token',
    );
    expect(await refusal(configOf(notAgent.port, caFingerprint(ca.certificatePem)))).toBe(
      'AGENT_UNREACHABLE: it is not an agent',
    );
    await Promise.all([open.close(0), notAgent.close(0)]);
  });
});

/** Writes bytes over TLS, as an identity or as nobody, and gives all that comes back until the close. */
function raw(bytes: Buffer, as?: TlsIdentity): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const own = as ? { key: as.privateKeyPem, cert: as.certificatePem } : {};
    const socket = tlsConnect(
      { host: '127.0.0.1', port: server.port, servername: tlsName(nodeUrn), ca: ca.certificatePem, ...own },
      () => socket.write(bytes),
    );
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

test('an answer that drips does not hold its caller', async () => {
  const tls = { key: node.privateKeyPem, cert: node.certificatePem + node.caPem, ca: node.caPem };
  const slow = createHttpsServer({ ...tls, requestCert: true, minVersion: 'TLSv1.3' }, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const drip = setInterval(() => response.write(' '), 20);
    response.once('close', () => clearInterval(drip));
  });
  await new Promise<void>((done) => slow.listen(0, '127.0.0.1', done));
  const { port } = slow.address() as AddressInfo; // a TCP server has one
  const client = nodeManagerClient({ ...target(node), address: `127.0.0.1:${port}` }, sm, { answerMs: 300 });
  try {
    await expect(orRefused(client.keys.query({ slice }))).rejects.toMatchObject({ code: 'NODE_UNREACHABLE' });
  } finally {
    slow.closeAllConnections();
    slow.close();
  }
}, 5_000);
