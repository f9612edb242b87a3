import type { Socket } from 'node:net';
import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { AttendInput, AttendOutput } from '@/protocol/agent/relay';
import { tlsName } from '@/protocol/pki/names';
import { ATTEND_GRACE_MS, ATTEND_HOLD_MS } from '@/protocol/transport/relay';
import type { Front } from '@/protocol/transport/server';
import type { Peer } from '@/protocol/trpc';
import { openingOf } from './first-bytes';
import { DIAL_MS, Line, type Waiting } from './line';

/** Nodes that are called by way of one agent. */
export const MAX_LINES = 2_000;
/** Relayed callers of all nodes together. */
export const MAX_CALLERS_IN_ALL = 4_096;
/** Callers who wait for a node that is not here: it may be back at once when it or this agent was just restarted. */
const MAX_HOPEFUL = 128;
/**
 * In ms: how long polls are held, nodes may be silent between two, callers wait for a node that is not here, and the first bytes of
 * a connection may take.
 */
const TIMES = { holdMs: ATTEND_HOLD_MS, graceMs: ATTEND_GRACE_MS, hopeMs: 4_000, openingMs: 5_000 };
const SWEEP_MS = 1_000;

/** TLS's fatal alert `unrecognized_name` (RFC 6066 §3) in a record of its own: a caller reads from it that the node is away. */
const UNRECOGNIZED_NAME = Buffer.from([21, 3, 3, 0, 2, 2, 112]);
const NODE_NAME = /^n-[0-9a-f]{20}\.meridian\.internal$/;

export type RelayOptions = {
  /** The TLS name under which the agent itself is dialled. */
  ownName: string;
  /** Which of these keys are enrolled now and not revoked, as `urn jkt`. */
  enrolled: (keys: readonly { urn: string; jkt: string }[]) => Promise<ReadonlySet<string>>;
  /** Shorter ones for a test. */
  times?: Partial<typeof TIMES>;
  log: { info(facts: object, message: string): void; error(facts: object, message: string): void };
};

/**
 * Passes calls on to nodes that cannot be dialled, over connections that these open (decision 33). It reads the name that a caller
 * dials and copies bytes: caller and node make their own mutual TLS of them, and check each other as on a direct connection.
 */
export class Relay {
  private readonly lines = new Map<string, Line>();
  private readonly ids = new Map<string, Line>();
  private readonly hopeful = new Map<Waiting, string>();
  private readonly opening = new Set<Socket>();
  private readonly sweeper: NodeJS.Timeout;
  private readonly times: typeof TIMES;
  private sweeping = false;
  private closed = false;

  constructor(private readonly o: RelayOptions) {
    this.times = { ...TIMES, ...o.times };
    this.sweeper = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  /** What is connected now. */
  get facts() {
    let callers = 0;
    for (const line of this.lines.values()) callers += line.callers;
    return { nodes: this.lines.size, callers };
  }

  /**
   * A node's poll: it is called by way of this agent from now on, until it polls no more. The name is its certificate's, the key
   * must be the enrolled one. Throws Refused NODE_NOT_ENROLLED, RATE_LIMITED.
   */
  async attend(
    peer: Peer,
    input: z.infer<typeof AttendInput>,
    signal: AbortSignal | undefined,
  ): Promise<z.infer<typeof AttendOutput>> {
    const name = tlsName(peer.urn);
    const known = this.lines.get(name);
    const same = known?.session === input.session && known.node.jkt === peer.jkt;
    const line = known && same ? known : await this.open(name, peer, input.session);
    return { dial: await line.attend(this.times.holdMs, signal) };
  }

  private async open(name: string, { urn, jkt }: Peer, session: string): Promise<Line> {
    if (!(await this.o.enrolled([{ urn, jkt }])).has(`${urn} ${jkt}`))
      throw new Refused('NODE_NOT_ENROLLED', { node: urn });
    const before = this.lines.get(name);
    if (this.closed || (!before && this.lines.size >= MAX_LINES))
      throw new Refused('RATE_LIMITED', { retryAfterSeconds: 10 });
    const left = before?.leave() ?? [];
    before?.end();
    const line = new Line({ urn, jkt }, session, this.ids, refuse);
    this.lines.set(name, line);
    this.o.log.info({ node: urn }, before ? 'a node behind NAT came back' : 'a node behind NAT takes its calls here');
    for (const [waiting, wanted] of [...this.hopeful]) if (wanted === name) left.push(waiting);
    for (const waiting of left) {
      this.hopeful.delete(waiting);
      clearTimeout(waiting.timer);
      this.enter(line, waiting.socket, waiting.take);
    }
    return line;
  }

  /** Every connection that reaches the agent begins here. */
  readonly front: Front = (socket, { serve, take }) => {
    if (this.closed) {
      socket.destroy();
      return;
    }
    this.opening.add(socket);
    socket.once('close', () => this.opening.delete(socket));
    openingOf(socket, this.times.openingMs, (opening) => {
      this.opening.delete(socket);
      if (this.closed) socket.destroy();
      else if (opening.is === 'greeting') this.dialled(socket, opening.id, take);
      else if (opening.name && opening.name !== this.o.ownName && NODE_NAME.test(opening.name))
        this.call(socket, opening.name, take);
      else serve();
    });
  };

  /** Ends every relayed connection; idempotent. */
  close(): void {
    this.closed = true;
    clearInterval(this.sweeper);
    for (const line of this.lines.values()) line.end();
    this.lines.clear();
    for (const waiting of [...this.hopeful.keys()]) this.giveUp(waiting);
    for (const socket of [...this.opening]) socket.destroy();
  }

  private dialled(socket: Socket, id: string, take: () => void): void {
    const line = this.ids.get(id);
    if (!line) {
      socket.destroy();
      return;
    }
    take();
    line.dialled(socket, id);
  }

  private call(socket: Socket, name: string, take: () => void): void {
    const line = this.lines.get(name);
    if (line) {
      this.enter(line, socket, take);
      return;
    }
    const timer = setTimeout(() => this.giveUp(waiting), this.times.hopeMs);
    const waiting: Waiting = { socket, timer, take };
    this.hopeful.set(waiting, name);
    if (this.hopeful.size > MAX_HOPEFUL) this.giveUp(waiting);
  }

  private enter(line: Line, socket: Socket, take: () => void): void {
    const waiting: Waiting = { socket, timer: setTimeout(() => line.drop(waiting), DIAL_MS), take };
    if (this.facts.callers >= MAX_CALLERS_IN_ALL || !line.hasRoomFor(socket)) refuse(waiting);
    else line.call(waiting);
  }

  private giveUp(waiting: Waiting): void {
    this.hopeful.delete(waiting);
    refuse(waiting);
  }

  /** Lets go of nodes that are silent, and at once of those whose key counts no more. */
  private async sweep(): Promise<void> {
    if (this.sweeping || this.lines.size === 0) return;
    this.sweeping = true;
    try {
      const now = Date.now();
      for (const [name, line] of this.lines)
        if (line.quietSince !== null && now - line.quietSince > this.times.graceMs)
          this.drop(name, line, 'it is silent');
      const enrolled = await this.o.enrolled([...this.lines.values()].map((line) => line.node));
      for (const [name, line] of [...this.lines])
        if (!enrolled.has(`${line.node.urn} ${line.node.jkt}`))
          this.drop(name, line, 'its key is not enrolled any more');
    } catch (err) {
      this.o.log.error({ err }, 'could not look up whether relayed nodes are still enrolled');
    } finally {
      this.sweeping = false;
    }
  }

  private drop(name: string, line: Line, why: string): void {
    if (this.lines.get(name) === line) this.lines.delete(name);
    line.end();
    this.o.log.info({ node: line.node.urn, why }, 'a node behind NAT is let go');
  }
}

function refuse({ socket, timer }: Waiting): void {
  clearTimeout(timer);
  socket.end(UNRECOGNIZED_NAME);
  setTimeout(() => socket.destroy(), 1_000).unref();
}
