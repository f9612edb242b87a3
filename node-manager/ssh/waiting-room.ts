import type { Socket } from 'node:net';
import { greeting } from './peek';

const LOOK_MS = 10;

type Waiting = { socket: Socket; until: number; take: () => boolean; left: () => void };

/**
 * Connections whose caller has not spoken yet, of all slivers of the node: a descriptor each, and nothing else. One look at all of them every
 * few milliseconds, and none while nobody waits.
 */
export class WaitingRoom {
  private readonly waiting = new Set<Waiting>();
  private timer: NodeJS.Timeout | null = null;

  get size(): number {
    return this.waiting.size;
  }

  /**
   * Keeps a paused connection until its caller speaks SSH and `take` takes it; closes it when it says something else, leaves, or the time is
   * over. `left` is told either way.
   */
  add(socket: Socket, ms: number, take: () => boolean, left: () => void): void {
    const one: Waiting = { socket, until: Date.now() + ms, take, left };
    socket.once('error', () => {});
    this.waiting.add(one);
    this.timer ??= setInterval(() => this.look(), LOOK_MS).unref();
    setImmediate(() => this.judge(one));
  }

  close(): void {
    for (const one of this.waiting) this.leave(one, true);
  }

  private look(): void {
    for (const one of this.waiting) this.judge(one);
  }

  private judge(one: Waiting): void {
    if (!this.waiting.has(one)) return;
    const heard = one.socket.destroyed ? 'other' : greeting(one.socket);
    if (heard === 'ssh' && one.take()) this.leave(one, false);
    else if (heard === 'other' || Date.now() > one.until) this.leave(one, true);
  }

  private leave(one: Waiting, close: boolean): void {
    this.waiting.delete(one);
    if (close) one.socket.destroy();
    one.left();
    if (this.waiting.size > 0 || !this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
  }
}
