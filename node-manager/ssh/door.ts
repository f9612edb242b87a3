import { createServer, type Server, type Socket } from 'node:net';
import { addressGroup } from '@/protocol/transport/address-group';
import type { Guest } from '../drivers/entrance';
import { descriptorOf } from '../drivers/oci/pty';
import type { SshLimits } from './limits';
import { acceptedKey } from './sshd';
import type { WaitingRoom } from './waiting-room';

const MAX_SAID = 16_384;

type Session = { guest: Guest; source: string; key: string | null };

export type DoorOptions = {
  limits: SshLimits;
  room: WaitingRoom;
  /** Logins without a proven key, of all doors of the node. */
  unprovenOfNode: () => number;
  /** Starts the program that serves the connection. */
  serve: (descriptor: number) => Guest;
  /** A login proved this key (its fingerprint). False: it counts no more, and the login ends. */
  proven: (guest: Guest, key: string, source: string) => boolean;
  over: (guest: Guest) => void;
  failed: (err: unknown) => void;
};

/** One sliver's port: who knocks waits in the node's room until they speak, then gets a process, within the limits. */
export class Door {
  private readonly sessions = new Set<Session>();
  private readonly silent = new Map<Socket, string>();
  private constructor(
    private readonly server: Server,
    private readonly o: DoorOptions,
  ) {}

  /** Listening when it resolves; null when the port is taken. */
  static open(host: string, port: number, o: DoorOptions): Promise<Door | null> {
    const server = createServer({ pauseOnConnect: true, noDelay: true, keepAlive: true });
    const door = new Door(server, o);
    server.on('connection', (socket) => door.knock(socket));
    return new Promise((resolve, reject) => {
      server.once('error', (err: NodeJS.ErrnoException) =>
        err.code === 'EADDRINUSE' || err.code === 'EACCES' ? resolve(null) : reject(err),
      );
      server.listen(port, host, () => {
        server.removeAllListeners('error').on('error', o.failed);
        resolve(door);
      });
    });
  }

  get unproven(): number {
    return count(this.sessions, (one) => one.key === null);
  }

  /** How many are inside with a proven key. */
  get inside(): number {
    return this.sessions.size - this.unproven;
  }

  /** Ends the sessions whose key is none of these. */
  keep(keys: ReadonlySet<string>): void {
    for (const { key, guest } of this.sessions) if (key !== null && !keys.has(key)) guest.end();
  }

  /** Takes nobody in any more. Sessions go on, also without this daemon. */
  close(): void {
    this.server.close();
    for (const socket of this.silent.keys()) socket.destroy();
  }

  private knock(socket: Socket): void {
    const { limits, room } = this.o;
    const source = addressGroup(socket.remoteAddress);
    const ofSource = [...this.silent.values()].filter((one) => one === source).length;
    const full =
      room.size >= limits.silentOfNode || this.silent.size >= limits.silent || ofSource >= limits.silentOfSource;
    if (full || !this.server.listening) {
      socket.destroy();
      return;
    }
    this.silent.set(socket, source);
    room.add(
      socket,
      limits.firstWordMs,
      () => this.enter(socket, source),
      () => this.silent.delete(socket),
    );
  }

  /** False: no room just now; they go on waiting. */
  private enter(socket: Socket, source: string): boolean {
    const { limits } = this.o;
    const own = (one: Session) => one.source === source;
    const unproven = [...this.sessions].filter((one) => one.key === null);
    if (unproven.length >= limits.unproven || this.o.unprovenOfNode() >= limits.unprovenOfNode) return false;
    if (count(unproven, own) >= limits.unprovenOfSource) return false;
    if (this.sessions.size >= limits.sessions || count(this.sessions, own) >= limits.sessionsOfSource) return false;
    try {
      this.follow(this.o.serve(descriptorOf(socket)), source);
    } catch (err) {
      this.o.failed(err);
    }
    socket.destroy(); // closes our descriptor; sshd has its own
    return true;
  }

  private follow(guest: Guest, source: string): void {
    const session: Session = { guest, source, key: null };
    this.sessions.add(session);
    let said = '';
    guest.said
      ?.on('error', () => {})
      .on('data', (chunk: Buffer) => {
        if (session.key !== null) return; // read on all the same: a full pipe would hold sshd up
        said = (said + chunk.toString('utf8')).slice(-MAX_SAID);
        const key = acceptedKey(said);
        if (!key) return;
        session.key = key;
        if (!this.o.proven(guest, key, source)) guest.end();
      });
    void guest.ended.then(() => {
      this.sessions.delete(session);
      guest.said?.destroy();
      this.o.over(guest);
    });
  }
}

function count<T>(all: Iterable<T>, is: (one: T) => boolean): number {
  let n = 0;
  for (const one of all) if (is(one)) n += 1;
  return n;
}
