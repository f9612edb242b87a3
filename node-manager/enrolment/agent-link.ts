import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { ClockReading } from '@/core/time/clock-offset';
import type { AgentWish, KnownAgent } from '@/protocol/agent/agents';
import type { HeartbeatInput, HeartbeatOutput } from '@/protocol/agent/schemas';
import type { EnrolmentToken } from '@/protocol/pki/enrolment-token';
import { renewalDue, type TlsIdentity, tlsIdentity } from '@/protocol/pki/identity';
import { type IdentityKey, thumbprint } from '@/protocol/statement/keys';
import { type AgentClient, agentClient, closeClients, orRefused, type Target } from '@/protocol/transport/client';
import type { Logger } from '../log';
import { enrol, renewCertificate } from './enrol';
import type { Enrolment, EnrolmentStore } from './enrolment';
import { type Grant, isSame } from './grant';

/** How often a node says how it does, jittered by a tenth. */
export const HEARTBEAT_MS = 10_000;
/**
 * A changed sliver is reported after this long, together with what else changed meanwhile: a quick start is one report. Who waits
 * for it follows the sliver by a long poll, and hears at once.
 */
const COALESCE_MS = 500;
const MAX_BACKOFF_MS = 10_000;
/** An agent that is silent for this long, from the first heartbeat that failed, may be away for long; less than makes a node unreachable. */
const AWAY_MS = 15_000;
/** Slivers in one heartbeat: what the agent's bound on a call's size holds with the longest reasons; the others go with the next. */
const MAX_REPORTS = 500;

type Heartbeat = z.infer<typeof HeartbeatInput>;
type Report = Heartbeat['slivers'][number];

export type AgentLinkOptions = {
  node: string;
  key: IdentityKey;
  address: string;
  incarnation: () => string;
  store: EnrolmentStore;
  token: EnrolmentToken | null;
  log: Logger;
  now: () => number;
  /** All of a heartbeat but its number and slivers. */
  vitals: () => Omit<Heartbeat, 'seq' | 'full' | 'slivers' | 'usage'>;
  /** What was used since the last report that arrived: the same again until `heardUsage` was told that it did. */
  usage: () => Heartbeat['usage'];
  heardUsage: (until: string) => void;
  /** What the agent's clock said. */
  heardClock: (reading: ClockReading) => void;
  /** The slivers to report: all, or those named. */
  reports: (ids: readonly string[] | 'all') => Report[];
  /** What the owner lets a wish be; null: nothing for that agent. */
  grant: (wish: AgentWish) => Grant | null;
  delegation: (agent: KnownAgent, grant: Grant) => string;
  /** The node's word on all tickets of an issuer; null when it cannot give it. */
  standing: (issuer: string) => Promise<string | null>;
  /** What the agent's answer changes for the node; durable before it resolves. */
  heard: (answer: z.infer<typeof HeartbeatOutput>, said: Heartbeat) => Promise<void>;
  /** False while this (simulated) node plays dead. */
  alive: () => boolean;
  /** How long the agent must be away before another one is tried, in ms. */
  awayMs?: number;
  /** Wait before the first heartbeat, in ms: a fleet does not call all at once. */
  firstMs: number;
  heartbeatMs: number;
};

/**
 * The node's line to its agent: enrols, keeps the certificate and the delegation fresh, pushes heartbeats. Nothing of it is
 * needed for the node to keep its leases: while the agent is away the node works on, and this tries again.
 */
export class AgentLink {
  private enrolment: Enrolment | null;
  private identity: TlsIdentity | null = null;
  /** The node's present identity, for connections of its own. Throws Refused NODE_NOT_ENROLLED when called before it has one. */
  readonly source = () => this.tls();
  private readonly changed = new Set<string>();
  private seq = 0;
  /** A full list is owed whatever the answer to the present heartbeat says. */
  private anew = false;
  private full = true;
  /** What was wished for each agent when last heard of. */
  private wishes: AgentWish[] = [];
  /** Since when nobody answered, epoch ms; null: the last one did. */
  private awaySince: number | null = null;
  private failures = 0;
  private timer: NodeJS.Timeout | null = null;
  private timerAt = Number.POSITIVE_INFINITY;
  private running: Promise<void> | null = null;
  private known: { agent: Enrolment['agent']; client: AgentClient } | null = null;
  private readonly stopper = new AbortController();

  constructor(readonly o: AgentLinkOptions) {
    this.enrolment = o.store.get(o.node);
    if (this.enrolment) this.adopt(this.enrolment);
  }

  /** Null until enrolled. */
  get enrolled(): Enrolment | null {
    return this.enrolment;
  }

  /** Whom the node calls, or null until it is enrolled. */
  get agentTarget(): Target | null {
    const { agent } = this.enrolment ?? {};
    return agent ? { address: agent.address, urn: agent.urn, jkt: thumbprint(agent.publicKey) } : null;
  }

  /** Who the node is in TLS, or null until it is enrolled. */
  get tlsIdentity(): TlsIdentity | null {
    return this.identity;
  }

  /**
   * Enrols when that was not done yet, waiting for an agent that is away. Throws Refused TOKEN_INVALID, TOKEN_USED (the
   * token will not become good), NODE_NOT_ENROLLED without a token.
   */
  async ensureEnrolled(): Promise<void> {
    if (this.enrolment) return;
    const { token, node } = this.o;
    if (!token) throw new Refused('NODE_NOT_ENROLLED', { node });
    if (token.node !== node)
      throw new Refused('TOKEN_INVALID', { problem: `it is for ${token.node}, not for ${node}` });
    for (let failures = 0; ; failures++) {
      this.stopper.signal.throwIfAborted();
      try {
        this.keep(await enrol(token, this.who()));
        this.o.log.info({ node, agent: token.agent }, 'enrolled');
        return;
      } catch (err) {
        // An outage over there (its database is away, say) is no refusal: the token may be good all the same.
        if (err instanceof Refused && err.code !== 'AGENT_UNREACHABLE' && err.code !== 'RATE_LIMITED') throw err;
        if (failures % 10 === 0)
          this.o.log.warn(
            err instanceof Refused ? { node, reason: err.reason } : { node, err },
            'cannot enrol yet: the agent does not answer',
          );
        await pause(backoff(failures), this.stopper.signal);
      }
    }
  }

  begin(): void {
    this.schedule(this.o.firstMs);
  }

  /** Slivers whose news are to be told. */
  get waiting(): number {
    return this.changed.size;
  }

  /** A sliver's state changed: tells the agent soon. */
  report(id: string): void {
    if (this.failures === 0 || this.running) this.changed.add(id); // else all are told when it answers again
    if (this.failures === 0) this.schedule(COALESCE_MS);
  }

  /** What every heartbeat says has changed: the next one comes soon. */
  beat(): void {
    if (this.failures === 0 && this.timer) this.schedule(COALESCE_MS);
  }

  /** The clock was set, or the machine slept: what waited for a time waits no longer. */
  wake(): void {
    if (this.timer) this.schedule(0, true);
  }

  /** A new incarnation began: the agent is told by proof of the key, then by a delegation and all slivers. */
  announce(): void {
    this.full = true;
    this.anew = true;
    if (this.failures === 0) this.schedule(0);
  }

  async stop(): Promise<void> {
    this.stopper.abort();
    if (this.timer) clearTimeout(this.timer);
    await this.running?.catch(() => {});
    await closeClients(this.source);
  }

  private schedule(ms: number, always = false): void {
    const at = Date.now() + ms;
    if (this.stopper.signal.aborted || (at >= this.timerAt && !always)) return;
    if (this.timer) clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.timerAt = Number.POSITIVE_INFINITY;
      if (!this.running) this.running = this.turn().finally(() => this.turned());
    }, ms).unref();
  }

  private turned(): void {
    this.running = null;
    if (this.failures > 0) this.schedule(backoff(this.failures));
    else if (this.anew)
      this.schedule(0); // no ticket can be issued before
    else this.schedule(this.changed.size > 0 || this.full ? COALESCE_MS : jittered(this.o.heartbeatMs));
  }

  private async turn(): Promise<void> {
    if (!this.enrolment || !this.o.alive()) return;
    try {
      await this.freshCertificate();
      await this.heartbeat();
      if (!this.anew) await this.delegate();
      await this.sayStandings();
      if (this.failures > 0) this.o.log.info({ node: this.o.node, failures: this.failures }, 'the agent answers again');
      this.failures = 0;
      this.awaySince = null;
    } catch (err) {
      if (this.stopper.signal.aborted) return;
      this.failures += 1;
      // A refusal is an answer: only silence, and what no agent should say, is a reason to ask another.
      this.awaySince = isAway(err) ? (this.awaySince ?? Date.now()) : null;
      this.full = true; // whatever it had not got yet, and maybe another agent's memory
      this.changed.clear();
      const reason = err instanceof Refused ? err.reason : null;
      if (this.failures === 1 || this.failures % 30 === 0) {
        this.o.log.warn(
          reason ? { node: this.o.node, reason, failures: this.failures } : { node: this.o.node, err },
          'the agent could not be told how this node does',
        );
      }
      if (this.awaySince !== null && Date.now() - this.awaySince >= (this.o.awayMs ?? AWAY_MS))
        await this.turnToAnother();
    }
  }

  /** Asks the deployment's other agents, one after the other; the first that answers is the node's agent from then on, after a restart too. */
  private async turnToAnother(): Promise<void> {
    const { enrolment } = this;
    for (const agent of enrolment?.agents ?? []) {
      if (!enrolment || agent.publicKey.x === enrolment.agent.publicKey.x) continue;
      try {
        this.keep(await renewCertificate(enrolment, this.who(), this.o.now(), agent));
        this.o.log.warn({ node: this.o.node, from: enrolment.agent.urn, to: agent.urn }, 'turned to another agent');
        this.failures = 1; // soon, not at once: others of its nodes turn to it too
        this.awaySince = null;
        return;
      } catch (err) {
        if (this.stopper.signal.aborted) return;
        this.o.log.debug({ node: this.o.node, agent: agent.urn, err }, 'another agent does not answer either');
      }
    }
  }

  private async heartbeat(): Promise<void> {
    const full = this.full;
    this.anew = false;
    const ids = [...this.changed];
    const all = this.o.reports(full ? 'all' : ids);
    const slivers = all.slice(0, MAX_REPORTS);
    const whole = full && slivers.length === all.length; // a list that was cut must not pass for all there is
    this.changed.clear();
    for (const later of all.slice(MAX_REPORTS)) this.changed.add(later.leaseJti);
    try {
      const usage = this.o.usage();
      const input = { ...this.o.vitals(), seq: this.seq++, full: whole, slivers, usage };
      const [askedAt, from] = [Date.now(), performance.now()];
      const answer = await orRefused(this.client().heartbeat.mutate(input, { signal: this.stopper.signal }));
      this.o.heardClock({ askedAt, tookMs: performance.now() - from, theirs: Date.parse(answer.now) });
      if (usage) this.o.heardUsage(usage.until);
      this.full = this.anew || (answer.wantFull && !full);
      this.hearOf(answer.agents);
      await this.o.heard(answer, input);
    } catch (err) {
      for (const id of ids) this.changed.add(id);
      throw err;
    }
  }

  /** Keeps who the deployment's agents are, for when this one is away. */
  private hearOf(wishes: AgentWish[]): void {
    this.wishes = wishes;
    const agents = wishes.map(({ urn, address, publicKey }) => ({ urn, address, publicKey }));
    const own = wishes.find((wish) => !wish.next && wish.urn === this.enrolment?.agent.urn);
    if (own && this.enrolment && own.publicKey.x !== this.enrolment.agent.publicKey.x) {
      // It has changed its key, and says so over a connection of before.
      const { urn, address, publicKey } = own;
      this.keep({ ...this.enrolment, agent: { urn, address, publicKey } });
      this.o.log.info({ node: this.o.node, agent: urn }, 'the agent has another key');
    }
    if (this.enrolment && !isDeepStrictEqual(this.enrolment.agents, agents)) this.keep({ ...this.enrolment, agents });
  }

  /** Delegates to each agent what is wished and the owner lets it have, where it has other or nothing. By way of the node's agent. */
  private async delegate(): Promise<void> {
    for (const wish of this.wishes) {
      const grant = this.o.grant(wish);
      if (!grant || wish.held || isSame(grant, wish.holds)) continue;
      const delegation = this.o.delegation(wish, grant);
      await this.tell(wish.urn, this.client().delegate.mutate({ delegation }, { signal: this.stopper.signal }));
      this.o.log.debug({ node: this.o.node, agent: wish.urn, ...grant }, 'delegated to an agent');
    }
  }

  /** What is refused of one agent's part is said, and keeps nothing from the others. */
  private async tell(agent: string, call: Promise<unknown>): Promise<void> {
    try {
      await orRefused(call);
    } catch (err) {
      if (isAway(err)) throw err;
      this.o.log.warn({ node: this.o.node, agent, err }, 'what the node gives an agent was not taken');
    }
  }

  /** Gives its word on their tickets to the agents that want it. */
  private async sayStandings(): Promise<void> {
    for (const wish of this.wishes) {
      const standing = wish.wantStanding ? await this.o.standing(thumbprint(wish.publicKey)) : null;
      if (!standing) continue;
      await this.tell(wish.urn, this.client().standing.mutate({ standing }, { signal: this.stopper.signal }));
    }
  }

  private async freshCertificate(): Promise<void> {
    if (!this.enrolment || !this.identity) return;
    const moved = this.enrolment.address !== this.o.address || this.enrolment.incarnation !== this.o.incarnation();
    if (!moved && !renewalDue(this.identity, new Date(this.o.now()))) return;
    this.keep(await renewCertificate(this.enrolment, this.who(), this.o.now()));
    this.o.log.info({ node: this.o.node, notAfter: this.identity.notAfter.toISOString() }, 'renewed the certificate');
  }

  private keep(enrolment: Enrolment): void {
    this.adopt(enrolment); // throws when the certificate is not for this key: then it is not kept
    this.o.store.put(enrolment);
  }

  private adopt(enrolment: Enrolment): void {
    this.identity = tlsIdentity(this.o.key, enrolment.certificatePem, enrolment.caPem);
    this.enrolment = enrolment;
  }

  private client() {
    const { agent } = this.enrolment ?? {};
    if (!agent) throw new Refused('NODE_NOT_ENROLLED', { node: this.o.node });
    if (this.known?.agent !== agent) {
      const target = { address: agent.address, urn: agent.urn, jkt: thumbprint(agent.publicKey) };
      this.known = { agent, client: agentClient(target, this.source) };
    }
    return this.known.client;
  }

  private tls(): TlsIdentity {
    if (!this.identity) throw new Refused('NODE_NOT_ENROLLED', { node: this.o.node });
    return this.identity;
  }

  private who() {
    return { key: this.o.key, address: this.o.address, incarnation: this.o.incarnation() };
  }
}

/** Nobody answered, or with an error of its own: not a refusal, which is an answer. */
function isAway(err: unknown): boolean {
  return !(err instanceof Refused) || err.code === 'AGENT_UNREACHABLE';
}

/** Exponential, jittered, ms. */
function backoff(failures: number): number {
  return Math.min(MAX_BACKOFF_MS, 500 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

function jittered(ms: number): number {
  return ms * (0.9 + Math.random() / 5);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}
