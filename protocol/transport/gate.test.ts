import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { GATE_BOUNDS, Gate } from './gate';

/** As much of a socket as the gate looks at. */
class FakeSocket extends EventEmitter {
  destroyed = false;
  constructor(readonly remoteAddress: string) {
    super();
  }
  destroy() {
    this.destroyed = true;
    this.emit('close');
  }
}
const from = (address: string) => new FakeSocket(address) as FakeSocket & Socket; // the rest of a socket is not asked for

describe('Gate', () => {
  test('of one address’s strangers the one that waits the longest goes; who has proved itself stays', () => {
    const gate = new Gate({ ...GATE_BOUNDS, maxStrangersOfAddress: 3 });
    const sockets = Array.from({ length: 5 }, () => from('10.0.0.1'));
    const [first, ...rest] = sockets;
    if (!first) throw new Error('none');
    expect(gate.admit(first)).toBe(true);
    gate.leave(first);
    for (const socket of rest) expect(gate.admit(socket)).toBe(true);
    expect(sockets.map((s) => s.destroyed)).toEqual([false, true, false, false, false]);
    expect(gate.admit(from('10.0.0.2'))).toBe(true);
    expect(gate.strangerCount).toBe(4);
    for (const socket of rest) socket.destroy();
    expect(gate.strangerCount).toBe(1);
  });

  test('many addresses together leave room', () => {
    const gate = new Gate({ ...GATE_BOUNDS, maxStrangers: 10 });
    const sockets = Array.from({ length: 30 }, (_, i) => from(`10.0.0.${i}`));
    for (const socket of sockets) gate.admit(socket);
    expect(gate.strangerCount).toBe(10);
    expect(sockets.filter((s) => s.destroyed)).toEqual(sockets.slice(0, 20));
  });

  test('an address that comes too often is turned away until it slows down; all of an IPv6 network is one', () => {
    let now = 0;
    const gate = new Gate({ ...GATE_BOUNDS, perSecond: 2, burst: 4 }, () => now);
    const networks = ['2001:db8:1:2::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::', '2001:db8:1:2::ffff'];
    for (const address of networks) expect(gate.admit(from(address)), address).toBe(true);
    expect(gate.admit(from('2001:db8:1:2::7'))).toBe(false);
    expect(gate.admit(from('2001:db8:1:3::7'))).toBe(true);
    now = 500;
    expect(gate.admit(from('2001:db8:1:2::7'))).toBe(true);
    expect(gate.admit(from('2001:db8:1:2::7'))).toBe(false);
    for (const address of ['::ffff:10.1.1.1', '10.1.1.1', '10.1.1.1', '10.1.1.1'])
      expect(gate.admit(from(address)), address).toBe(true);
    expect(gate.admit(from('10.1.1.1'))).toBe(false);
  });
});
