import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_HELLO_BYTES, readClientHello } from './client-hello';
import { GREETING_BYTES, greeting, newRelayId, readGreeting } from './relay';

/** What OpenSSL really sends first. */
async function realHello(servername: string | undefined): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has one
  const client = connect({
    host: '127.0.0.1',
    port,
    ALPNProtocols: ['http/1.1'],
    ...(servername ? { servername } : {}),
  });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [first] = await once(socket, 'data');
  socket.destroy();
  client.destroy();
  server.close();
  return first;
}

const u16 = (n: number) => Buffer.from([n >> 8, n & 255]);
const vector = (size: 1 | 2, data: Buffer) =>
  Buffer.concat([size === 1 ? Buffer.from([data.length]) : u16(data.length), data]);
const serverName = (name: string | Buffer, kind = 0) =>
  Buffer.concat([u16(0), vector(2, vector(2, Buffer.concat([Buffer.from([kind]), vector(2, Buffer.from(name))])))]);
const body = (...extensions: Buffer[]) =>
  Buffer.concat([
    Buffer.from([3, 3]),
    randomBytes(32),
    vector(1, randomBytes(32)),
    vector(2, Buffer.from([0x13, 1])),
    vector(1, Buffer.from([0])),
    vector(2, Buffer.concat(extensions)),
  ]);
const handshake = (data: Buffer, kind = 1) =>
  Buffer.concat([Buffer.from([kind, data.length >> 16, (data.length >> 8) & 255, data.length & 255]), data]);
const record = (data: Buffer, kind = 22) => Buffer.concat([Buffer.from([kind, 3, 1]), vector(2, data)]);
const hello = (...extensions: Buffer[]) => record(handshake(body(...extensions)));

const name = 'n-0123456789abcdef0123.meridian.internal';
const malformed = { is: 'malformed' };

describe('the name in a ClientHello', () => {
  test('is found in what OpenSSL sends, and every shorter part of that is unfinished', async () => {
    const real = await realHello(name);
    expect(readClientHello(real)).toEqual({ is: 'client-hello', name });
    for (let length = 0; length < real.length; length++)
      expect(readClientHello(real.subarray(0, length))).toEqual({ is: 'unfinished' });
    expect(readClientHello(await realHello(undefined))).toEqual({ is: 'client-hello', name: null });
  });
  test('is read in lower case, and from several records', () => {
    expect(readClientHello(hello(serverName(name.toUpperCase())))).toEqual({ is: 'client-hello', name });
    const whole = handshake(body(serverName(name)));
    const split = Buffer.concat([
      record(whole.subarray(0, 3)),
      record(whole.subarray(3, 60)),
      record(whole.subarray(60)),
    ]);
    expect(readClientHello(split)).toEqual({ is: 'client-hello', name });
  });
  test('is not taken where a length lies, a name stands twice, or it is no host name', () => {
    const other = Buffer.concat([u16(10), vector(2, randomBytes(6))]);
    expect(readClientHello(hello(other, serverName(name), other))).toEqual({ is: 'client-hello', name });
    for (const bad of [
      hello(serverName(name), serverName(name)),
      hello(serverName('')),
      hello(serverName('a\0b')),
      hello(serverName('a b')),
      hello(serverName('é'.repeat(4))),
      hello(serverName('a'.repeat(254))),
      hello(serverName(name, 1)),
      hello(serverName(name).subarray(0, 20)),
      record(Buffer.concat([handshake(body(serverName(name))), Buffer.from([0])])),
      record(handshake(Buffer.concat([body(serverName(name)), Buffer.from([0])]))),
      record(handshake(body(serverName(name)), 2)),
      record(handshake(body(serverName(name))), 23),
      record(handshake(randomBytes(20))),
      record(Buffer.alloc(0)),
    ])
      expect(readClientHello(bad)).toEqual(malformed);
  });
  test('is not waited for beyond the bound, nor through many tiny records', () => {
    expect(readClientHello(Buffer.from([22, 3, 1, 0xff, 0xff]))).toEqual(malformed);
    expect(readClientHello(Buffer.concat([Buffer.from([22, 3, 1, 0, 4, 1]), Buffer.from([0xff, 0xff, 0xff])]))).toEqual(
      malformed,
    );
    const tiny = Buffer.concat([...handshake(body(serverName(name)))].map((byte) => record(Buffer.from([byte]))));
    expect(readClientHello(tiny)).toEqual(malformed);
    expect(readClientHello(hello(Buffer.concat([u16(21), vector(2, Buffer.alloc(MAX_HELLO_BYTES))])))).toEqual(
      malformed,
    );
  });
  test('random, cut and altered bytes never throw, never name another, and are never waited for past the bound', () => {
    const good = hello(serverName(name));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const read = readClientHello(Buffer.from(bytes));
        if (bytes.length > 0 && bytes[0] !== 22) expect(read).toEqual(malformed);
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, byte, length) => {
        const altered = Buffer.from(good);
        altered[at] = byte;
        const read = readClientHello(altered.subarray(0, length));
        if (read.is === 'client-hello') expect(length).toBe(good.length);
      }),
      { numRuns: 5_000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: MAX_HELLO_BYTES + 5, maxLength: MAX_HELLO_BYTES + 50 }), (bytes) => {
        const long = Buffer.concat([Buffer.from([22, 3, 1]), Buffer.from(bytes)]);
        expect(readClientHello(long).is).not.toBe('unfinished');
      }),
      { numRuns: 50 },
    );
  });
});

test('a greeting is taken whole and exact, or not', () => {
  const id = newRelayId();
  const good = Buffer.from(greeting(id));
  expect(good).toHaveLength(GREETING_BYTES);
  expect(readGreeting(good)).toEqual({ is: 'greeting', id });
  for (let length = 0; length < good.length; length++)
    expect(readGreeting(good.subarray(0, length))).toEqual({ is: 'unfinished' });
  for (const bad of [
    `${greeting(id)}x`,
    greeting(id).replace('\n', ' '),
    greeting(`${id.slice(1)}=`),
    'MERIDIAN-RELAX',
  ])
    expect(readGreeting(Buffer.from(bad))).toEqual(malformed);
});
