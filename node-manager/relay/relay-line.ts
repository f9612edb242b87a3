import { connect, type Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { Refused } from '@/core/errors';
import type { IdentitySource } from '@/protocol/pki/identity';
import { agentClient, orRefused, type Target } from '@/protocol/transport/client';
import { ATTEND_ANSWER_MS, greeting, RELAY_KEEPALIVE_MS } from '@/protocol/transport/relay';
import { newStatementId } from '../lease/redeem';
import type { Logger } from '../log';
import { hostAndPort } from '../serve';

/** Connections to the agent that are open at once; an agent that asks for more gets no more. */
export const MAX_STREAMS = 300;
const DIAL_MS = 4_000;
const MAX_BACKOFF_MS = 10_000;
/** An agent that answers polls at once with nothing is not asked oftener than this. */
const IDLE_POLL_MS = 200;

export type RelayLineOptions = {
  node: string;
  /** The agent as it was enrolled with; null before. */
  agent: () => Target | null;
  identity: IdentitySource;
  /** Serves a connection as if it had been dialled here. */
  accept: (socket: Socket) => void;
  /** How long a poll's answer is waited for, in ms; shorter in a test. */
  answerMs?: number;
  log: Logger;
};

/**
 * How a node that cannot be dialled takes its calls: it attends its agent, opens the connections that it is asked for, and
 * serves each as if its port had been dialled, with the same TLS, identities and checks. Whatever breaks is dialled again.
 */
export class RelayLine {
  private readonly session = newStatementId();
  private readonly stopper = new AbortController();
  private readonly spare = new Set<Socket>();
  private readonly streams = new Set<Socket>();
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly o: RelayLineOptions) {}

  begin(): void {
    this.running = this.attend();
  }

  /** Takes no more calls; those that run are the server's to end. */
  async stop(): Promise<void> {
    this.stopper.abort();
    this.letGo();
    await this.running;
  }

  private async attend(): Promise<void> {
    const { signal } = this.stopper;
    const { answerMs = ATTEND_ANSWER_MS } = this.o;
    for (let failures = 0; !signal.aborted; ) {
      const began = Date.now();
      try {
        const target = this.o.agent();
        if (!target) throw new Refused('NODE_NOT_ENROLLED', { node: this.o.node });
        const client = agentClient(target, this.o.identity, { answerMs });
        const { dial } = await orRefused(client.attend.mutate({ session: this.session }, { signal }));
        if (failures > 0) this.o.log.info({ failures }, 'calls come by way of the agent again');
        failures = 0;
        for (const id of dial) this.dial(target, id);
        if (dial.length === 0 && Date.now() - began < IDLE_POLL_MS) await pause(IDLE_POLL_MS, signal);
      } catch (err) {
        if (signal.aborted) return;
        failures += 1;
        this.letGo();
        if (failures === 1 || failures % 30 === 0)
          this.o.log.warn(
            err instanceof Refused ? { reason: err.reason, failures } : { err, failures },
            'no calls can come by way of the agent',
          );
        const backoffMs = Math.min(MAX_BACKOFF_MS, 250 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
        await pause(backoffMs, signal);
      }
    }
  }

  /** Opens a connection on which a caller may come, at once or later. */
  private dial(target: Target, id: string): void {
    if (this.streams.size >= MAX_STREAMS || this.stopper.signal.aborted) return;
    const socket = connect(hostAndPort(target.address));
    this.streams.add(socket);
    this.spare.add(socket);
    const timer = setTimeout(() => socket.destroy(), DIAL_MS);
    socket.setNoDelay(true).setKeepAlive(true, RELAY_KEEPALIVE_MS);
    socket.on('error', () => {}); // the agent asks again for what did not come
    socket.once('close', () => {
      clearTimeout(timer);
      this.streams.delete(socket);
      this.spare.delete(socket);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.write(greeting(id));
    });
    const called = () => {
      const first = socket.read() as Buffer | null; // no encoding is set on it
      if (first === null) return;
      socket.off('readable', called);
      this.spare.delete(socket);
      socket.unshift(first);
      this.o.accept(socket);
    };
    socket.on('readable', called);
  }

  private letGo(): void {
    for (const socket of [...this.spare]) socket.destroy();
  }
}

/** Resolves after the time, or when it is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return after(ms, undefined, { signal }).catch(() => {});
}
