import type { Socket } from 'node:net';
import { type FirstBytes, readClientHello } from '@/protocol/transport/client-hello';
import { GREETING_FIRST, readGreeting } from '@/protocol/transport/relay';

/** Who speaks on a connection: a caller that dials a TLS name, or a node that was asked to dial. */
type Opening = Exclude<FirstBytes | ReturnType<typeof readGreeting>, { is: 'unfinished' | 'malformed' }>;

/**
 * Waits for the first bytes of a connection, for `withinMs` at most, and says what they open. A ClientHello is left for the next
 * reader, a greeting is taken off; a connection that opens as neither is ended here.
 */
export function openingOf(socket: Socket, withinMs: number, opened: (opening: Opening) => void): void {
  let held: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), withinMs);
  const look = () => {
    for (let chunk = read(socket); chunk; chunk = read(socket))
      held = held.length ? Buffer.concat([held, chunk]) : chunk;
    const opening = held[0] === GREETING_FIRST ? readGreeting(held) : readClientHello(held);
    if (opening.is === 'unfinished') return;
    clearTimeout(timer);
    socket.off('readable', look);
    if (opening.is === 'malformed') {
      socket.destroy();
      return;
    }
    if (opening.is === 'client-hello') socket.unshift(held);
    opened(opening);
  };
  socket.on('error', () => {}); // it closes, which whoever has it then hears
  socket.once('close', () => clearTimeout(timer));
  socket.on('readable', look);
}

function read(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null; // no encoding is ever set on it
}
