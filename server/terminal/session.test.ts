import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { Refused } from '@/core/errors';
import type { NodeManagerClient } from '@/protocol/transport/client';
import { TerminalSession } from './session';

/** A browser and a node of this process: the node shows what `shows` gives and takes down what is typed. */
function setUp(options: { recheck?: () => Promise<unknown>; endless?: boolean } = {}) {
  const sent: Buffer[] = [];
  const socket = Object.assign(new EventEmitter(), {
    send: (data: string | Buffer) => typeof data === 'string' || sent.push(data),
    ping: () => {},
  });
  const typed: { at: number; data: Buffer }[] = [];
  const failures: Refused[] = [];
  let closed = 0;
  let output = options.endless ? null : Buffer.alloc(0);
  let over: { why: string; exitCode: number } | null = null;
  const node = {
    terminalOpen: { mutate: async () => ({ id: 'x' }) },
    terminalRead: {
      query: async ({ from }: { from: number }) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        const data = output === null ? Buffer.alloc(65_536) : output.subarray(from);
        return { data: data.toString('base64'), over };
      },
    },
    terminalWrite: {
      mutate: async ({ at, data }: { at: number; data: string }) => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        typed.push({ at, data: Buffer.from(data, 'base64') });
        const failure = failures.shift();
        if (failure) throw failure;
        return { taken: 0 };
      },
    },
    terminalClose: { mutate: async () => (closed += 1) },
  };
  const stopper = new AbortController();
  const session = new TerminalSession({
    socket: socket as unknown as WebSocket, // as much of one as it uses
    node: node as unknown as NodeManagerClient, // as above
    open: { slice: 's', cols: 80, rows: 24, who: 'ada' },
    recheck: options.recheck ?? (async () => {}),
    signal: stopper.signal,
  });
  return {
    session,
    socket,
    sent,
    typed,
    failures,
    stopper,
    closed: () => closed,
    say: (text: string) => {
      output = Buffer.concat([output ?? Buffer.alloc(0), Buffer.from(text)]);
    },
    exit: () => {
      over = { why: 'exited', exitCode: 0 };
    },
  };
}

test('who loses the right to be there is out within seconds, and the node is told', async () => {
  const gone = new Refused('NOT_ALLOWED', { permission: 'slice.terminal' });
  const { session, closed } = setUp({ recheck: () => Promise.reject(gone) });
  const began = performance.now();
  expect(await session.run()).toEqual({ why: 'refused', exitCode: null, reason: gone.reason });
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(closed()).toBe(1);
});

test('what is typed arrives once, in order, also when an answer of the node is lost', async () => {
  const { session, socket, typed, failures, exit } = setUp();
  const running = session.run();
  await Promise.resolve();
  failures.push(new Refused('NODE_UNREACHABLE', { node: 'n', cause: 'connection lost' }));
  for (const text of ['a', 'bc', 'd'.repeat(70_000), 'e']) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    socket.emit('message', Buffer.from(text), true);
  }
  await expect.poll(() => session.bytesIn).toBe(70_004);
  exit();
  expect(await running).toEqual({ why: 'exited', exitCode: 0, reason: null });
  const whole = Buffer.alloc(70_004);
  for (const { at, data } of typed) data.copy(whole, at); // the same position twice says the same
  expect(whole.toString()).toBe(`abc${'d'.repeat(70_000)}e`);
  expect(Math.max(...typed.map(({ data }) => data.length))).toBeLessThanOrEqual(32_768);
});

test('a browser that does not show holds the program up, and goes on when it does', async () => {
  const { session, socket, sent, stopper } = setUp({ endless: true });
  const running = session.run();
  await expect.poll(() => session.bytesOut).toBe(262_144);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(session.bytesOut).toBe(262_144);
  socket.emit('message', Buffer.from(JSON.stringify({ t: 'shown', bytes: 65_536 })), false);
  await expect.poll(() => session.bytesOut).toBe(262_144 + 65_536);
  expect(Buffer.concat(sent).length).toBe(session.bytesOut);
  stopper.abort();
  expect(await running).toMatchObject({ why: 'restart' });
});

test.each(['not json', '{"t":"open"}', '{"t":"size","cols":0,"rows":1}'])('%s ends it', async (text) => {
  const { session, socket } = setUp();
  const running = session.run();
  await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 1));
  socket.emit('message', Buffer.from(text), false);
  expect(await running).toMatchObject({ why: 'refused', reason: { code: 'INVALID_INPUT' } });
});
