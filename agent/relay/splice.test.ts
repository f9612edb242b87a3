import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { splice } from './splice';

const open: { destroy(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.destroy();
});

/** Both ends of a TCP connection. */
async function pair(): Promise<[near: Socket, far: Socket]> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1'); // a TCP server has one
  const [far] = await once(server, 'connection');
  server.close();
  open.push(near, far);
  return [near, far];
}
const MIB = 1_048_576;

test('holds little while nobody reads, both ways, and loses nothing', async () => {
  const [caller, here] = await pair();
  const [node, there] = await pair();
  splice(here, there, () => {});
  for (const [writer, middle, reader] of [
    [caller, here, node],
    [node, there, caller],
  ] as const) {
    reader.pause();
    const sent = Buffer.alloc(64 * MIB, 'meridian');
    writer.write(sent);
    // What is neither read nor refused fills the kernel's buffers and one chunk here; then nothing moves any more.
    for (let before = -1; middle.bytesRead !== before; ) {
      before = middle.bytesRead;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(middle.bytesRead).toBeLessThan(32 * MIB);
    expect(middle.readableLength + here.writableLength + there.writableLength).toBeLessThan(MIB);
    let got = 0;
    let whole = true;
    reader.on('data', (data: Buffer) => {
      whole &&= data[0] === sent[got % 8] && data.at(-1) === sent[(got + data.length - 1) % 8];
      got += data.length;
    });
    reader.resume();
    while (got < sent.length) await once(reader, 'data');
    expect([got, whole]).toEqual([sent.length, true]);
    reader.removeAllListeners('data');
  }
});

test('ends as one: what was written still arrives, and who is left over does not stay', async () => {
  const [caller, here] = await pair();
  const [node, there] = await pair();
  let ended = 0;
  splice(here, there, () => {
    ended += 1;
  });
  const words: string[] = [];
  node.on('data', (data: Buffer) => words.push(data.toString()));
  caller.end('last words');
  await Promise.all([once(here, 'close'), once(there, 'close'), once(node, 'close')]);
  expect([words.join(''), ended]).toEqual(['last words', 1]);
});

test('one that had gone before it was joined takes the other along', async () => {
  const [, here] = await pair();
  const [, there] = await pair();
  here.destroy();
  await once(here, 'close');
  await new Promise<void>((resolve) => splice(here, there, resolve));
  expect(there.destroyed).toBe(true);
});
