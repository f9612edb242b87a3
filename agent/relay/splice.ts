import type { Socket } from 'node:net';
import { RELAY_KEEPALIVE_MS } from '@/protocol/transport/relay';

/**
 * How long a connection may carry nothing either way, in ms: longer than any call is silent (70 s), or a server keeps one without a
 * call. One whose other end is gone is found out sooner, by TCP.
 */
export const IDLE_MS = 180_000;
/** What is left to write when one side has gone gets this long, in ms. */
const DRAIN_MS = 5_000;

/** Has TCP ask whether the other end is still there, and send small pieces at once. */
export function watch(socket: Socket): Socket {
  return socket.setNoDelay(true).setKeepAlive(true, RELAY_KEEPALIVE_MS);
}

/**
 * Makes one connection of two: what arrives on one goes out on the other, no faster than that takes it (some 100 KiB wait at most).
 * They end together; `ended` is called once, when both are closed.
 */
export function splice(a: Socket, b: Socket, ended: () => void): { cut(): void } {
  let open = 2;
  const cut = () => {
    a.destroy();
    b.destroy();
  };
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    watch(one).setTimeout(IDLE_MS, cut);
    const closed = () => {
      other.destroySoon();
      setTimeout(() => other.destroy(), DRAIN_MS).unref();
      open -= 1;
      if (open === 0) ended();
    };
    if (one.closed) setImmediate(closed);
    else one.once('close', closed);
    one.pipe(other);
  }
  return { cut };
}
