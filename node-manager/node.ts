import { loadavg } from 'node:os';
import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { MAX_LEASE_SECONDS } from '@/core/lease/term';
import { offered } from '@/core/node/owner-policy';
import type { HardAmounts } from '@/core/resources/vector';
import type { HeartbeatInput } from '@/protocol/agent/schemas';
import { MAX_IMAGE_PROBLEMS, MAX_IMAGES } from '@/protocol/node-manager/images';
import { policyView } from '@/protocol/node-manager/policy';
import type { DriverView } from '@/protocol/node-manager/schemas';
import type { EnrolmentToken } from '@/protocol/pki/enrolment-token';
import type { IdentityKey } from '@/protocol/statement/keys';
import { Access, type AccessOptions } from './access';
import type { Driver } from './drivers/driver';
import { AgentLink, HEARTBEAT_MS } from './enrolment/agent-link';
import type { EnrolmentStore } from './enrolment/enrolment';
import { grantOf } from './enrolment/grant';
import { rootDelegation } from './enrolment/root-delegation';
import { mishapOf, newLife } from './incarnation/new-life';
import { Sureness } from './incarnation/sureness';
import type { Mishap } from './journal/mishap';
import { Books } from './lease/books';
import type { LeaseRecord, NodeState } from './lease/node-state';
import { makeReceipt } from './lease/redeem';
import { Refusals } from './lease/refusals';
import { Endings, makeStanding } from './lease/standing';
import type { Offer } from './lease/wish';
import type { Ledger } from './ledger';
import type { Logger } from './log';
import { readHost } from './monitor/host';
import { Monitor } from './monitor/monitor';
import { openPolicy, type PolicySource } from './policy/policy-file';
import { Revocations } from './revocations';
import { SliverKeeper } from './sliver/keeper';
import type { SliverRecord } from './sliver/record';
import { VERSION } from './version';

/** How long a look at what runs may take when an incarnation begins. */
const LOOK_MS = 30_000;
export const PROFILES = ['standard'] as const;

export type NodeOptions = {
  urn: string;
  key: IdentityKey;
  /** "host:port" under which others dial it. */
  address: string;
  /** What the machine has; the owner's policy may keep some of it. */
  capacity: HardAmounts;
  /** The owner's policy; left out where nobody lays anything down. */
  policy?: PolicySource;
  driver: Driver;
  /** Every driver and what it lacks here. */
  drivers: z.infer<typeof DriverView>[];
  ledger: Ledger;
  enrolments: EnrolmentStore;
  token: EnrolmentToken | null;
  log: Logger;
  /** Image name → why it is not on offer; grows and shrinks. */
  imageProblems?: ReadonlyMap<string, string>;
  alive?: () => boolean;
  firstHeartbeatMs?: number;
  heartbeatMs?: number;
  /** The node's data, and what its host is able to do; null for a node that has no host of its own. */
  host?: { data: string; abilities: readonly { name: string; able: boolean }[] } | null;
  /** How people get into its slivers; without it they do not. */
  access?: AccessOptions;
};

/** One node: its leases, its slivers, and its line to the agent. */
export class NodeManager {
  readonly keeper: SliverKeeper;
  readonly link: AgentLink;
  readonly books: Books;
  readonly monitor: Monitor;
  readonly policy: PolicySource;
  /** Null where nobody can get in. */
  readonly access: Access | null;
  readonly sure: Sureness;
  readonly revocations: Revocations;
  readonly refusals = new Refusals(() => this.self);
  /** Tickets that ended, for a standing. */
  readonly endings = new Endings();
  private readonly began = Date.now();
  private endWatch = () => {};
  private readonly waiters = new Set<{ slice: string; wake: () => void }>();

  constructor(readonly o: NodeOptions) {
    const { urn, ledger, driver, log } = o;
    this.revocations = new Revocations(this);
    this.policy = o.policy ?? openPolicy();
    this.sure = new Sureness(ledger.proven || o.enrolments.get(urn) === null);
    this.books = new Books(urn, o.capacity, this.state.leases.values());
    this.followPolicy();
    const { host } = o;
    this.monitor = new Monitor({
      readHost: host ? () => readHost(host.data) : null,
      counters: () => driver.usage(),
      leases: () => this.state.leases.keys(),
      now: () => ledger.now(),
      abilities: host?.abilities ?? [],
      file: host ? `${host.data}/usage.json` : null,
      log,
    });
    this.access = Access.of(this, o.access);
    this.keeper = new SliverKeeper({
      node: urn,
      driver,
      log,
      now: () => ledger.now(),
      leases: () => this.state.leases,
      wishes: () => this.state.wishes,
      lapse: (lease) => this.end(lease, 'lapsed').then(() => {}),
      mark: () => ledger.mark(),
      places: () => this.policy.current.maxSlivers ?? 0,
      onChange: (record) => this.changed(record),
    });
    this.link = new AgentLink({
      node: urn,
      key: o.key,
      address: o.address,
      incarnation: () => this.state.incarnation,
      store: o.enrolments,
      token: o.token,
      log,
      now: Date.now,
      vitals: () => this.vitals(),
      reports: (ids) => this.reports(ids),
      grant: (wish) => grantOf(wish, this.capacity, this.policy.current),
      delegation: (agent, { rights, degreeMilli }) =>
        rootDelegation(o.key, urn, this.state.incarnation, rights, agent, ledger.now(), degreeMilli),
      standing: (issuer) => this.standing(issuer),
      usage: () => this.monitor.report(),
      heardUsage: (until) => this.monitor.acknowledged(until),
      heardClock: (reading) => this.monitor.heardClock(reading),
      heard: (answer, said) => this.heard(answer, said.journalSequence),
      alive: o.alive ?? (() => true),
      firstMs: o.firstHeartbeatMs ?? 0,
      heartbeatMs: o.heartbeatMs ?? HEARTBEAT_MS,
    });
  }

  /** What may be asked for now. */
  get offer(): Offer {
    const owner = this.policy.current;
    return {
      images: this.o.driver.images,
      profiles: PROFILES,
      maxTermSeconds: owner.maxTermSeconds ?? MAX_LEASE_SECONDS,
      owner,
    };
  }

  /** What is offered: what the machine has less what its owner keeps. */
  get capacity(): HardAmounts {
    return this.books.capacity;
  }

  get state(): NodeState {
    return this.o.ledger.of(this.o.urn);
  }

  get self() {
    return { urn: this.o.urn, key: this.o.key, state: this.state };
  }

  get uptimeSeconds(): number {
    return Math.floor((Date.now() - this.began) / 1000);
  }

  /** False while this (simulated) node plays dead. */
  get isAlive(): boolean {
    return this.o.alive?.() ?? true;
  }

  get simulated(): boolean {
    return this.o.driver.name === 'simulated';
  }

  /**
   * Gives a new node its incarnation, and another to one whose memory is not whole: it must not answer as if nothing had ever been leased here.
   * To be called before `begin`.
   */
  async beBorn(): Promise<void> {
    const { ledger, urn, driver } = this.o;
    const mishap = mishapOf(this.state, this.link.enrolled, ledger);
    if (this.state.incarnation && !mishap) return;
    const found = mishap ? await driver.list(AbortSignal.timeout(LOOK_MS)) : new Map();
    const { event, over } = newLife(this.state, mishap, [...found.keys()], ledger.now());
    await ledger.record(urn, event);
    this.newLifeBegan(mishap, over);
  }

  /** The agent saw the journal at `seenAt`, which it never reached: it was rolled back while we ran. */
  private async rolledBack(seenAt: number): Promise<void> {
    const { ledger, urn, driver } = this.o;
    const problem = `it is at ${ledger.sequence}, and the agent saw it at ${seenAt}`;
    const found = await driver.list(AbortSignal.timeout(LOOK_MS));
    let mishap: Mishap | null = null;
    let over: LeaseRecord[] = [];
    await ledger.leap(urn, seenAt, (aside) => {
      mishap = { why: 'rolled-back', problem, aside, at: ledger.now() };
      const life = newLife(this.state, mishap, [...found.keys()], ledger.now());
      over = life.over;
      return [life.event];
    });
    this.newLifeBegan(mishap, over);
  }

  private newLifeBegan(mishap: Mishap | null, over: readonly LeaseRecord[]): void {
    const { urn, log } = this.o;
    const { incarnation, leases } = this.state;
    if (mishap)
      log.error(
        { node: urn, ...mishap, incarnation, kept: leases.size, over: over.length },
        'the memory of this node is not whole: a new incarnation begins, statements of before are refused',
      );
    for (const lease of over) this.books.strike(lease);
    this.keeper.disown(over, mishap && new Refused('RECORDS_LOST', { node: urn, why: mishap.why }).reason);
    this.sure.provenNow(); // every ticket of before is refused from here on
    this.link.announce();
  }

  async begin(): Promise<void> {
    this.access?.begin();
    for (const [lease, ports] of this.state.ports) await this.o.driver.network?.setPorts(lease, ports);
    await this.keeper.begin();
    this.endWatch = this.o.ledger.watch.onJump(() => {
      this.keeper.wake();
      this.link.wake();
    });
    this.monitor.begin();
    this.link.begin();
    this.revocations.begin(this.o.firstHeartbeatMs ?? 0);
  }

  async stop(stopSlivers: boolean): Promise<void> {
    this.endWatch();
    for (const waiter of this.waiters) waiter.wake();
    this.policy.close();
    this.access?.close();
    await this.revocations.stop();
    await this.link.stop();
    await this.monitor.stop();
    await this.keeper.stop(stopSlivers);
    await this.o.driver.close();
  }

  /** Ends a lease: durable when it resolves; its sliver goes then. `why`: where its holder did not want it. Gives the receipt. */
  async end(lease: LeaseRecord, kind: 'released' | 'lapsed', why: Refused | null = null): Promise<string> {
    const now = this.o.ledger.now();
    const { code, facts } =
      why?.reason ??
      (kind === 'released'
        ? { code: 'RELEASED', facts: { by: lease.holder } }
        : { code: 'LEASE_ENDED', facts: { endedAt: new Date((lease.end + lease.graceSeconds) * 1000).toISOString() } });
    const receipt = makeReceipt(
      this.self,
      { kind, slice: lease.slice, ticket: lease.ticket, lease: lease.jti, code, facts },
      now,
    );
    const durable = this.o.ledger.record(this.o.urn, { t: 'ended', at: now, lease: lease.jti, receipt });
    this.books.strike(lease);
    this.endings.note(lease.ticket, now);
    await durable;
    if (why) this.keeper.disown([lease], why.reason);
    else this.keeper.wake();
    return receipt;
  }

  /** The node's word on all tickets of an issuer: see makeStanding. */
  async standing(issuer: string): Promise<string | null> {
    const now = this.o.ledger.now();
    const standing = makeStanding(this.self, issuer, this.endings.of(issuer), now);
    await this.o.ledger.mark(); // no crash may take back what it goes by
    await this.o.ledger.settled();
    return standing;
  }

  /** Resolves when a sliver of the slice changed its state, after the time, or when the caller left. */
  nextChange(slice: string, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiter = { slice, wake: () => done() };
      const timer = setTimeout(() => done(), ms);
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.waiters.delete(waiter);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.waiters.add(waiter);
    });
  }

  /** Does this key no longer count here? */
  isRevoked(jkt: string): boolean {
    return this.state.revokedKeys.includes(jkt) || this.state.revocations.has(`key ${jkt}`);
  }

  /** The owner's policy holds at once for whoever asks from now on; leases that exist stay as they are. */
  private followPolicy(): void {
    const { maxSlivers } = this.policy.current;
    const capacity = offered(this.o.capacity, this.policy.current);
    this.books.limit(capacity, maxSlivers);
    this.policy.onChange = () => this.followPolicy();
    if (!this.link) return; // the first time
    this.link.beat();
    this.keeper.wake();
  }

  private changed(record: SliverRecord): void {
    this.access?.changed(record);
    this.link.report(record.lease.jti);
    for (const waiter of [...this.waiters]) if (waiter.slice === record.lease.slice) waiter.wake();
  }

  private vitals(): Omit<z.infer<typeof HeartbeatInput>, 'seq' | 'full' | 'slivers' | 'usage'> {
    const now = this.o.ledger.now();
    const driver = this.o.drivers.find((d) => d.name === 'oci');
    return {
      at: new Date(Date.now()).toISOString(),
      incarnation: this.state.incarnation,
      journalSequence: this.o.ledger.sequence,
      version: VERSION,
      driver: this.o.driver.name,
      missing: this.simulated ? (driver?.missing.slice(0, 20).map((m) => m.slice(0, 200)) ?? []) : [],
      images: this.o.driver.images.slice(0, MAX_IMAGES),
      imageProblems: this.imageProblems(),
      enforcement: this.o.driver.enforcement,
      policy: policyView(this.policy.current, this.policy.problem),
      capacity: this.capacity,
      free: { ...this.books.freeAt(now), ...(this.o.ledger.full && { diskMiB: 0 }) }, // nothing new goes here now
      life: this.life(),
      load1Milli: this.load1Milli(),
      uptimeSeconds: this.uptimeSeconds,
      sliverCount: this.state.leases.size,
      revocationsHeard: this.revocations.heard,
    };
  }

  /** Images that are not on offer, each with why. */
  imageProblems(): { image: string; problem: string }[] {
    const all = [...(this.o.imageProblems ?? [])].slice(0, MAX_IMAGE_PROBLEMS);
    return all.map(([image, problem]) => ({
      image,
      problem: problem.replaceAll('\0', '').slice(0, 500).toWellFormed(),
    }));
  }

  /** Since when this incarnation lives, and why it began. */
  private life(): z.infer<typeof HeartbeatInput>['life'] {
    const life = this.state.lives.at(-1);
    if (!life) return undefined;
    const { why = 'enrolled', problem = '' } = life.because ?? {};
    return { since: new Date(life.at).toISOString(), why, problem: problem.slice(0, 500) };
  }

  /** The host's load; a simulated node has none. */
  load1Milli(): number | null {
    return this.simulated ? null : Math.round((loadavg()[0] ?? 0) * 1000);
  }

  private reports(ids: readonly string[] | 'all'): z.infer<typeof HeartbeatInput>['slivers'] {
    const records =
      ids === 'all' ? [...this.keeper.records.values()] : ids.flatMap((id) => this.keeper.records.get(id) ?? []);
    return records.map((record) => ({
      slice: record.lease.slice,
      sliver: record.lease.sliver,
      leaseJti: record.lease.jti,
      state: record.state,
      reason: record.reason,
      since: new Date(record.since).toISOString(),
      ...this.heldBy(record.lease),
    }));
  }

  /** What the deployment cannot know of a lease that its service manager does not hold. */
  private heldBy({ holder, ticket, start, end, graceSeconds }: LeaseRecord) {
    if (holder === this.link.enrolled?.serviceManager.jkt) return {};
    return { held: { holder, ticket, start, end, graceSeconds } };
  }

  private async heard(answer: Parameters<AgentLink['o']['heard']>[0], saidSequence: number): Promise<void> {
    const { adminSwitch, revokedKeys, journalSeen } = answer;
    if (journalSeen !== undefined && journalSeen > saidSequence) await this.rolledBack(journalSeen);
    this.sure.provenNow();
    if (answer.revocations) await this.revocations.take(answer.revocations);
    const { state } = this;
    const same =
      state.adminSwitch === adminSwitch &&
      state.revokedKeys.length === revokedKeys.length &&
      revokedKeys.every((key, i) => state.revokedKeys[i] === key || state.revokedKeys.includes(key));
    if (!same)
      await this.o.ledger.record(this.o.urn, { t: 'policy', at: this.o.ledger.now(), adminSwitch, revokedKeys });
  }
}
