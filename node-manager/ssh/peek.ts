import type { Socket } from 'node:net';
import koffi from 'koffi';
import { descriptorOf } from '../drivers/oci/pty';

const MSG_PEEK_DONTWAIT = 0x2 | 0x40;
/** What every SSH client says first (RFC 4253, 4.2). */
const GREETING = 'SSH-';

type Recv = (fd: number, into: Buffer, length: number, flags: number) => number;
let loaded: Recv | null = null;

/**
 * Has an SSH client begun to speak here? Looks without taking anything: sshd reads it all itself. The socket must be paused. `nothing` also
 * for a part of the greeting; `other` when it says something else, or has left.
 */
export function greeting(socket: Socket): 'ssh' | 'nothing' | 'other' {
  loaded ??= koffi.load(null).func('long recv(int fd, void *into, size_t length, int flags)');
  const seen = Buffer.alloc(GREETING.length);
  const bytes = loaded(descriptorOf(socket), seen, seen.length, MSG_PEEK_DONTWAIT);
  if (bytes < 0) return koffi.errno() === koffi.os.errno.EAGAIN ? 'nothing' : 'other';
  if (bytes === 0 || !GREETING.startsWith(seen.toString('latin1', 0, bytes))) return 'other';
  return bytes === GREETING.length ? 'ssh' : 'nothing';
}
