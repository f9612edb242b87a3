import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, write } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { ReadStream } from 'node:tty';
import koffi from 'koffi';
import type { Size } from '../entrance';

/** What Node has no name for: a descriptor that another process hands over (SCM_RIGHTS), and a terminal's size. */
const TIOCSWINSZ = 0x5414;
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;
/** cmsghdr of 64-bit Linux: length, level, type; then the descriptor. */
const CMSG_HEADER = 16;
const HANDED_OVER_MS = 10_000;
const RETRY_WRITE_MS = 5;

type Syscalls = {
  recvmsg: (fd: number, message: object, flags: number) => number;
  ioctl: (fd: number, request: number, arg: Buffer) => number;
};
let loaded: Syscalls | null = null;

function syscalls(): Syscalls {
  if (loaded) return loaded;
  const libc = koffi.load(null);
  const iovec = koffi.struct({ base: 'void *', length: 'size_t' });
  const message = koffi.struct({
    name: 'void *',
    nameLength: 'uint32_t',
    parts: koffi.pointer(iovec),
    partCount: 'size_t',
    control: 'void *',
    controlLength: 'size_t',
    flags: 'int',
  });
  loaded = {
    recvmsg: libc.func('recvmsg', 'long', ['int', koffi.inout(koffi.pointer(message)), 'int']),
    ioctl: libc.func('int ioctl(int fd, unsigned long request, void *arg)'),
  };
  return loaded;
}

/** The daemon's end of a terminal. */
export type Pty = {
  output: Readable;
  write: (data: Buffer) => Promise<void>;
  resize: (size: Size) => void;
  /** Hangs up: whoever is in the foreground gets SIGHUP. Idempotent. */
  close: () => void;
};

/**
 * A place where a runtime hands over the terminal that it made (its `--console-socket`). Two processes less than to run it on a terminal
 * of ours, and sizes reach the program: crun passes on no change of them.
 */
export async function consoleSocket(folder: string): Promise<{ path: string; pty: Promise<Pty>; close: () => void }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = `${folder}/${randomBytes(4).toString('hex')}`;
  const server = createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.maxConnections = 1;
  let timer: NodeJS.Timeout | undefined;
  const close = () => {
    clearTimeout(timer);
    server.close();
    rmSync(path, { force: true });
  };
  const pty = new Promise<Pty>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the runtime handed over no terminal in time')), HANDED_OVER_MS);
    server.once('connection', (socket) => {
      const look = () => {
        const fd = receiveDescriptor(socket);
        if (fd === null) timer = setTimeout(look, 2);
        else {
          socket.destroy();
          resolve(ptyOf(fd));
        }
      };
      clearTimeout(timer);
      look();
    });
  });
  pty.catch(() => {}); // whoever waits for it is told; nobody may
  return { path, pty, close };
}

function receiveDescriptor(socket: Socket): number | null {
  const data = Buffer.alloc(4096);
  const control = Buffer.alloc(64);
  const message = {
    name: null,
    nameLength: 0,
    parts: [{ base: data, length: data.length }],
    partCount: 1,
    control,
    controlLength: control.length,
    flags: 0,
  };
  const got = syscalls().recvmsg(descriptorOf(socket), message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got < 0) return null;
  return control.readBigUInt64LE(0) >= BigInt(CMSG_HEADER + 4) ? control.readInt32LE(CMSG_HEADER) : null;
}

function ptyOf(fd: number): Pty {
  const output = new ReadStream(fd);
  let closed = false;
  output.on('error', () => {}); // EIO: nobody holds the other end any more; the end follows
  output.once('close', () => {
    closed = true;
  });
  return {
    output,
    write: (data) => writeAll(fd, data, () => closed),
    resize: ({ cols, rows }) => {
      if (closed) return;
      const size = Buffer.alloc(8);
      size.writeUInt16LE(rows, 0);
      size.writeUInt16LE(cols, 2);
      syscalls().ioctl(fd, TIOCSWINSZ, size);
    },
    close: () => {
      closed = true;
      output.destroy();
    },
  };
}

/** The descriptor does not block: what a full terminal does not take now is offered again soon. */
async function writeAll(fd: number, data: Buffer, closed: () => boolean): Promise<void> {
  for (let at = 0; at < data.length && !closed(); ) {
    const wrote = await new Promise<number>((resolve) =>
      write(fd, data, at, data.length - at, null, (err, bytes) =>
        resolve(err ? (err.code === 'EAGAIN' ? 0 : -1) : bytes),
      ),
    );
    if (wrote < 0) return; // nobody reads there any more
    at += wrote;
    if (wrote === 0) await new Promise((resolve) => setTimeout(resolve, RETRY_WRITE_MS));
  }
}

/** A socket's descriptor: Node shows it to nobody, and keeps it where it has always been. */
export function descriptorOf(socket: Socket): number {
  const handle: unknown = '_handle' in socket ? socket._handle : null;
  const fd: unknown = handle && typeof handle === 'object' && 'fd' in handle ? handle.fd : null;
  return typeof fd === 'number' ? fd : -1;
}
