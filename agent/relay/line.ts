import type { Socket } from 'node:net';
import { MAX_DIALS } from '@/protocol/agent/relay';
import { addressGroup } from '@/protocol/transport/address-group';
import { newRelayId } from '@/protocol/transport/relay';
import { splice, watch } from './splice';

/** Connections that a node keeps open ahead of its next callers, so that these need not wait for it to dial. */
export const SPARE = 2;
/** Callers of one node at once, those that wait included. */
export const MAX_CALLERS = 256;
/** … of one address (an IPv6 one's /64): who cannot show the node a certificate holds each for half a minute at most. */
export const MAX_CALLERS_OF_ADDRESS = 96;
/** How long a node may take to dial once it was asked, and how long a caller waits for that, in ms: less than callers wait for a handshake. */
export const DIAL_MS = 4_000;

/** A caller that waits for its node, no longer than the timer runs. */
export type Waiting = {
  socket: Socket;
  timer: NodeJS.Timeout;
  /** The gate before the agent's port need bound it no longer. */
  take: () => void;
};

/** One node that cannot be dialled, for as long as one life of its process attends: what it is asked for, and what it carries. */
export class Line {
  /** Each with what stops listening on it. */
  private readonly spare = new Map<Socket, () => void>();
  private readonly waiting: Waiting[] = [];
  private readonly asked = new Map<string, NodeJS.Timeout>();
  private readonly carried = new Set<{ address: string; cut(): void }>();
  private answer: ((ids: string[]) => void) | null = null;
  private ended = false;
  /** When its last poll ended, epoch ms; null while one is held. */
  quietSince: number | null = Date.now();

  constructor(
    readonly node: { urn: string; jkt: string },
    readonly session: string,
    /** Which line was given an id that is not used yet: of all lines of the relay. */
    private readonly ids: Map<string, Line>,
    private readonly refuse: (waiting: Waiting) => void,
  ) {}

  get callers(): number {
    return this.carried.size + this.waiting.length;
  }

  /** May this caller wait for the node, or is there one too many? */
  hasRoomFor(caller: Socket): boolean {
    const address = addressGroup(caller.remoteAddress);
    let same = this.waiting.filter(({ socket }) => addressGroup(socket.remoteAddress) === address).length;
    for (const pair of this.carried) if (pair.address === address) same += 1;
    return this.callers < MAX_CALLERS && same < MAX_CALLERS_OF_ADDRESS;
  }

  /** Holds a poll until connections are wanted, for `ms` at most; the ids to dial with. A second poll ends the first. */
  attend(ms: number, signal: AbortSignal | undefined): Promise<string[]> {
    this.answer?.([]);
    this.quietSince = null;
    return new Promise((resolve) => {
      const done = (ids: string[]) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', left);
        if (this.answer === done) {
          this.answer = null;
          this.quietSince = Date.now();
        }
        resolve(ids);
      };
      const left = () => done([]);
      const timer = setTimeout(left, ms);
      this.answer = done;
      if (signal?.aborted || this.ended) left();
      signal?.addEventListener('abort', left, { once: true });
      this.ask();
    });
  }

  /** A caller, its ClientHello unread: joined to a connection of the node's, at once when there is a spare one. */
  call(waiting: Waiting): void {
    const [socket] = [...this.spare.keys()].slice(-1); // the youngest: the least likely to be dead and not known to be
    if (socket) {
      this.spare.get(socket)?.();
      this.spare.delete(socket);
      this.join(waiting, socket);
    } else this.waiting.push(waiting);
    this.ask();
  }

  /** No longer waits: its time is over. */
  drop(waiting: Waiting): void {
    const at = this.waiting.indexOf(waiting);
    if (at >= 0) this.waiting.splice(at, 1);
    this.refuse(waiting);
  }

  /** A connection that the node opened with this id, which is used up. */
  dialled(socket: Socket, id: string): void {
    this.forget(id);
    const waiting = this.waiting.shift();
    if (waiting) {
      this.join(waiting, socket);
      return;
    }
    // A server speaks second: a spare connection on which something arrives is broken. Reading is also how its end is noticed.
    const early = () => {
      if (socket.read() !== null) socket.destroy();
    };
    watch(socket).on('readable', early);
    this.spare.set(socket, () => socket.off('readable', early));
    socket.once('close', () => {
      if (this.spare.delete(socket)) this.ask();
    });
  }

  /** Callers that wait leave it, for its node came back on another line. */
  leave(): Waiting[] {
    return this.waiting.splice(0);
  }

  /** Cuts everything at once. */
  end(): void {
    this.ended = true;
    this.answer?.([]);
    for (const id of [...this.asked.keys()]) this.forget(id);
    for (const waiting of this.waiting.splice(0)) this.refuse(waiting);
    for (const socket of [...this.spare.keys()]) socket.destroy();
    for (const pair of this.carried) pair.cut();
  }

  private join({ socket, timer, take }: Waiting, node: Socket): void {
    clearTimeout(timer);
    take();
    const pair = {
      address: addressGroup(socket.remoteAddress),
      ...splice(socket, node, () => this.carried.delete(pair)),
    };
    this.carried.add(pair);
  }

  private forget(id: string): boolean {
    clearTimeout(this.asked.get(id));
    this.ids.delete(id);
    return this.asked.delete(id);
  }

  /** Answers the poll that is held when connections are missing: one for each who waits, and the spare ones. */
  private ask(): void {
    const room = MAX_CALLERS + SPARE - this.carried.size - this.spare.size - this.asked.size;
    const missing = this.waiting.length + SPARE - this.spare.size - this.asked.size;
    const count = Math.min(missing, room, MAX_DIALS);
    if (count <= 0 || !this.answer || this.ended) return;
    const ids = Array.from({ length: count }, newRelayId);
    for (const id of ids) {
      const lapse = () => {
        if (this.forget(id)) this.ask(); // it did not dial: again, no oftener than this
      };
      this.asked.set(id, setTimeout(lapse, DIAL_MS));
      this.ids.set(id, this);
    }
    this.answer(ids);
  }
}
