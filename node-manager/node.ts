import { loadavg } from 'node:os';
import type { z } from 'zod';
import { Refused } from '@/core/errors';
import { MAX_LEASE_SECONDS } from '@/core/lease/term';
import type { HardAmounts } from '@/core/resources/vector';
import type { HeartbeatInput } from '@/protocol/agent/schemas';
import { MAX_IMAGE_PROBLEMS, MAX_IMAGES } from '@/protocol/node-manager/images';
import type { DriverView } from '@/protocol/node-manager/schemas';
import type { EnrolmentToken } from '@/protocol/pki/enrolment-token';
import type { IdentityKey } from '@/protocol/statement/keys';
import type { Driver } from './drivers/driver';
import { AgentLink, HEARTBEAT_MS } from './enrolment/agent-link';
import type { EnrolmentStore } from './enrolment/enrolment';
import { DELEGATION_RENEW_DAYS, rootDelegation } from './enrolment/root-delegation';
import { Books } from './lease/books';
import type { LeaseRecord, NodeState } from './lease/node-state';
import { makeReceipt, newStatementId, type Offer } from './lease/redeem';
import type { Ledger } from './ledger';
import type { Logger } from './log';
import { readHost } from './monitor/host';
import { Monitor } from './monitor/monitor';
import { SliverKeeper } from './sliver/keeper';
import type { SliverRecord } from './sliver/record';

export const VERSION = '0.1.0';
export const PROFILES = ['standard'] as const;

export type NodeOptions = {
  urn: string;
  key: IdentityKey;
  /** "host:port" under which others dial it. */
  address: string;
  capacity: HardAmounts;
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
};

/** One node: its leases, its slivers, and its line to the agent. */
export class NodeManager {
  readonly keeper: SliverKeeper;
  readonly link: AgentLink;
  readonly books: Books;
  readonly monitor: Monitor;
  private readonly began = Date.now();
  private delegatedAt = 0;
  private readonly waiters = new Set<{ slice: string; wake: () => void }>();

  constructor(readonly o: NodeOptions) {
    const { urn, ledger, driver, log } = o;
    this.books = new Books(urn, o.capacity, this.state.leases.values());
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
    this.keeper = new SliverKeeper({
      node: urn,
      driver,
      log,
      now: () => ledger.now(),
      leases: () => this.state.leases,
      lapse: (lease) => this.end(lease, 'lapsed').then(() => {}),
      mark: () => ledger.mark(),
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
      delegation: (enrolment) => {
        this.delegatedAt = ledger.now();
        return rootDelegation(o.key, urn, this.state.incarnation, o.capacity, enrolment.agent, ledger.now());
      },
      usage: () => this.monitor.report(),
      heardUsage: (until) => this.monitor.acknowledged(until),
      heardClock: (reading) => this.monitor.heardClock(reading),
      heard: (answer) => this.heard(answer),
      alive: o.alive ?? (() => true),
      firstMs: o.firstHeartbeatMs ?? 0,
      heartbeatMs: o.heartbeatMs ?? HEARTBEAT_MS,
    });
  }

  /** What may be asked for now. */
  get offer(): Offer {
    return { images: this.o.driver.images, profiles: PROFILES, maxTermSeconds: MAX_LEASE_SECONDS };
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

  get simulated(): boolean {
    return this.o.driver.name === 'simulated';
  }

  /**
   * Gives a new node its incarnation. A node that was enrolled but has no memory of it lost its journal: it must not answer as if nothing
   * had ever been leased here.
   */
  async beBorn(journalPath: string): Promise<void> {
    const enrolled = this.link.enrolled;
    if (enrolled && enrolled.incarnation !== this.state.incarnation) {
      throw new Refused('JOURNAL_DAMAGED', {
        path: journalPath,
        problem: `${this.o.urn} was enrolled with incarnation ${enrolled.incarnation}, of which the journal knows nothing`,
      });
    }
    if (!this.state.incarnation)
      await this.o.ledger.record(this.o.urn, { t: 'born', at: this.o.ledger.now(), incarnation: newStatementId() });
  }

  async begin(): Promise<void> {
    await this.keeper.begin();
    this.monitor.begin();
    this.link.begin();
  }

  async stop(stopSlivers: boolean): Promise<void> {
    for (const waiter of this.waiters) waiter.wake();
    await this.link.stop();
    await this.monitor.stop();
    await this.keeper.stop(stopSlivers);
    await this.o.driver.close();
  }

  /** Ends a lease: durable when it resolves; its sliver goes then. Gives the receipt. */
  async end(lease: LeaseRecord, kind: 'released' | 'lapsed'): Promise<string> {
    const now = this.o.ledger.now();
    const { code, facts } =
      kind === 'released'
        ? { code: 'RELEASED', facts: { by: lease.holder } }
        : { code: 'LEASE_ENDED', facts: { endedAt: new Date((lease.end + lease.graceSeconds) * 1000).toISOString() } };
    const receipt = makeReceipt(
      this.self,
      { kind, slice: lease.slice, ticket: lease.ticket, lease: lease.jti, code, facts },
      now,
    );
    const durable = this.o.ledger.record(this.o.urn, { t: 'ended', at: now, lease: lease.jti, receipt });
    this.books.strike(lease);
    await durable;
    this.keeper.wake();
    return receipt;
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

  private changed(record: SliverRecord): void {
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
      capacity: this.o.capacity,
      free: this.books.freeAt(now),
      load1Milli: this.load1Milli(),
      uptimeSeconds: this.uptimeSeconds,
      sliverCount: this.state.leases.size,
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
    }));
  }

  private async heard(answer: Parameters<AgentLink['o']['heard']>[0]): Promise<void> {
    const { adminSwitch, revokedKeys } = answer;
    const { state } = this;
    const same =
      state.adminSwitch === adminSwitch &&
      state.revokedKeys.length === revokedKeys.length &&
      revokedKeys.every((key, i) => state.revokedKeys[i] === key || state.revokedKeys.includes(key));
    if (!same)
      await this.o.ledger.record(this.o.urn, { t: 'policy', at: this.o.ledger.now(), adminSwitch, revokedKeys });
    if (this.delegatedAt > 0 && this.o.ledger.now() - this.delegatedAt > DELEGATION_RENEW_DAYS * 86_400_000)
      this.link.renewDelegation();
  }
}
