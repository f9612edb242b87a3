import { sentence } from '@/core/refusal-sentence';
import type { ResourceVector } from '@/core/resources/vector';
import type { NodeSliverState } from '@/protocol/node-manager/schemas';
import type { Driver, FoundState, SliverSpec } from '../drivers/driver';
import type { LeaseRecord, SliverWish } from '../lease/node-state';
import type { Logger } from '../log';
import { sliverHostname } from './names';
import { type Attempts, desired, plan, type Step } from './plan';
import { SliverRecord, startFailure } from './record';

/** A sliver that fails to start this often is `failed` for good: its service manager looks for another node. */
const MAX_STARTS = 3;
const BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;
/** How long a sliver that is gone can still be asked about. */
const REMEMBER_GONE_MS = 600_000;
/** After a pass the next one waits so many times as long as that one took: looking takes at most a tenth of a processor. */
const REST = 9;
/** Why nothing of a bare lease is there. */
const LEASED_ONLY = { code: 'LEASED_ONLY' as const, facts: {} };
const MAX_TIMER_MS = 2_147_000_000; // setTimeout's own bound is 2^31 − 1

export type KeeperOptions = {
  node: string;
  driver: Driver;
  log: Logger;
  now: () => number;
  leases: () => ReadonlyMap<string, LeaseRecord>;
  /** What was asked for of slivers within their leases. */
  wishes?: () => ReadonlyMap<string, SliverWish>;
  /** The lease's grace is over: enters that durably. */
  lapse: (lease: LeaseRecord) => Promise<void>;
  /** Makes it durable that this time was reached. */
  mark: () => Promise<void>;
  /** The most slivers that the owner lets on the node, where that is bounded. */
  places?: () => number;
  /** A sliver's state is another one now. */
  onChange: (record: SliverRecord) => void;
};

/**
 * Brings the node's slivers to what its leases ask for: plan, apply, and let the next pass repair what failed. Steps on different
 * slivers run beside each other; a slow one holds up nobody else.
 */
export class SliverKeeper {
  readonly records = new Map<string, SliverRecord>();
  private found = new Map<string, FoundState>();
  private readonly attempts = new Map<string, Attempts>();
  private readonly running = new Map<string, Promise<void>>();
  /** Leases that are not on the disk yet. */
  private readonly held = new Set<string>();
  private readonly stopper = new AbortController();
  private timer: NodeJS.Timeout | null = null;
  private audit: NodeJS.Timeout | null = null;
  private queued = false;
  private restUntil = 0;
  private stopping = false;
  private begun = false;

  /** Every lease has its record from here on: whoever asks before `begin` is not told that there is none. */
  constructor(private readonly o: KeeperOptions) {
    const now = o.now();
    for (const lease of o.leases().values()) this.records.set(lease.jti, this.recordBefore(lease, now));
  }

  /** Looks at what a predecessor left, adopts what has a lease, and begins. Nothing is made or removed before. */
  async begin(): Promise<void> {
    this.found = new Map(await this.o.driver.list(this.stopper.signal));
    this.begun = true;
    for (const lease of this.o.leases().values()) {
      if (this.found.get(lease.jti) !== 'running' || this.isBare(lease.jti)) continue;
      const record = new SliverRecord(lease, 'running', this.o.now());
      this.records.set(lease.jti, record);
      this.o.onChange(record);
    }
    const auditMs = this.o.driver.auditMs;
    if (auditMs !== null) this.audit = setInterval(() => void this.look(), auditMs).unref();
    this.wake();
  }

  /** A lease was made or ended: plan anew. Cheap to call often. */
  wake(): void {
    if (!this.begun || this.queued || this.stopper.signal.aborted) return;
    this.queued = true;
    const pass = () => {
      this.queued = false;
      if (this.stopper.signal.aborted) return;
      const began = performance.now();
      this.pass();
      const ended = performance.now();
      this.restUntil = ended + (ended - began) * REST;
    };
    // A pass looks at every lease. Whoever holds a thousand must not do so at each change of one.
    const rest = this.restUntil - performance.now();
    if (rest >= 1) setTimeout(pass, rest).unref();
    else queueMicrotask(pass);
  }

  /** Takes in a lease that was just made. Its sliver, and the word of it, wait until the lease is durable. */
  async enter(lease: LeaseRecord, durable: Promise<void>): Promise<SliverRecord> {
    const now = this.o.now();
    const record = this.recordBefore(lease, now);
    this.records.set(lease.jti, record);
    this.held.add(lease.jti);
    await durable;
    this.held.delete(lease.jti);
    this.o.onChange(record);
    this.wake();
    return record;
  }

  /**
   * Takes in a lease that was just renewed: its sliver stays, and one that its grace had stopped starts again. The word of it
   * waits until it is durable; a crash before that finds the old end.
   */
  async renewed(lease: LeaseRecord, durable: Promise<void>): Promise<SliverRecord> {
    const record = this.records.get(lease.jti) ?? this.recordBefore(lease, this.o.now());
    record.lease = lease;
    this.records.set(lease.jti, record);
    await durable;
    this.wake();
    return record;
  }

  /** These leases are over because the node's memory of them is not whole; their slivers go. */
  disown(leases: readonly LeaseRecord[], reason: SliverRecord['reason']): void {
    for (const { jti } of leases) {
      const record = this.records.get(jti);
      if (record?.change('gone', this.o.now(), reason)) this.o.onChange(record);
    }
    this.wake();
  }

  /** Somebody wants it to run: what failed before is tried anew. */
  tryAgain(id: string): void {
    this.attempts.delete(id);
    this.wake();
  }

  /** Throws away what a sliver wrote, between two steps on it; it starts again when it is to run. Rejects when it could not. */
  async reset(id: string): Promise<void> {
    for (let step = this.running.get(id); step; step = this.running.get(id)) await step;
    const lease = this.o.leases().get(id);
    if (!lease || this.stopping) return;
    if (!this.restsFor(id, lease)) this.change(id, 'starting');
    this.o.driver.note(id, `${new Date(this.o.now()).toISOString()} reset`);
    const done = this.o.driver.reset(id, this.stopper.signal).then(() => {
      if (this.found.has(id)) this.found.set(id, 'stopped');
      this.attempts.delete(id);
    });
    this.running.set(
      id,
      done
        .catch(() => {})
        .finally(() => {
          this.running.delete(id);
          this.wake();
        }),
    );
    await done;
  }

  /** What a driver is told of a lease's sliver: with the limits that were asked for, where these are lower. */
  specOf(lease: LeaseRecord, limits = this.o.wishes?.().get(lease.jti)?.limits): SliverSpec {
    return {
      id: lease.jti,
      slice: lease.slice,
      user: lease.sub,
      hostname: sliverHostname(lease.slice, this.o.node),
      resources: { ...lease.resources, ...limits },
    };
  }

  /** Is it a lease alone, without a sliver? */
  isBare(id: string): boolean {
    return this.o.wishes?.().get(id)?.bare ?? false;
  }

  /** A lease that was bare gets its sliver, once the wish for it is durable. */
  async furnish(lease: LeaseRecord, durable: Promise<void>): Promise<void> {
    this.held.add(lease.jti);
    await durable;
    this.held.delete(lease.jti);
    if (this.o.leases().has(lease.jti))
      this.change(lease.jti, desired(lease, this.o.now()) === 'running' ? 'starting' : 'scheduled');
    this.wake();
  }

  /** Why a sliver does not run though its lease would let it; null when it may. */
  private restsFor(id: string, lease: LeaseRecord | undefined): SliverRecord['reason'] {
    const rests = lease && desired(lease, this.o.now()) === 'running' && this.o.wishes?.().get(id)?.stopped;
    return rests ? { code: 'STOPPED_ON_REQUEST', facts: {} } : null;
  }

  /** A sliver as it is taken to be before anybody looked. */
  private recordBefore(lease: LeaseRecord, now: number): SliverRecord {
    if (this.isBare(lease.jti)) return new SliverRecord(lease, 'scheduled', now, LEASED_ONLY);
    const want = desired(lease, now);
    const rests = this.restsFor(lease.jti, lease);
    const state = want === 'none' ? 'scheduled' : want === 'running' && !rests ? 'starting' : 'stopped';
    return new SliverRecord(lease, state, now, rests);
  }

  /** Resolves when nothing of the sliver is left, or after the time given. */
  async untilGone(id: string, timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs;
    this.wake();
    while (!this.begun || this.found.has(id) || this.running.has(id)) {
      const left = until - Date.now();
      if (left <= 0) return;
      const step = this.running.get(id); // none while others fill all places, or after a failure
      const soon = pause(Math.min(left, 20));
      await (step ? Promise.race([step, soon]) : soon);
    }
  }

  /**
   * Ends the loop. With `stopSlivers` what runs is stopped first, and kept: the next start brings it back. Without, slivers run on.
   */
  async stop(stopSlivers: boolean): Promise<void> {
    this.stopping = true;
    if (this.timer) clearTimeout(this.timer);
    if (this.audit) clearInterval(this.audit);
    this.stopper.abort();
    await Promise.allSettled(this.running.values());
    if (!stopSlivers) return;
    const signal = AbortSignal.timeout(30_000);
    const left = await this.o.driver.list(signal);
    await Promise.all(
      [...left].map(async ([id, state]) => {
        try {
          if (!this.o.leases().has(id)) await this.o.driver.remove(id, signal);
          else if (state !== 'stopped') await this.o.driver.stop(id, signal);
        } catch (err) {
          this.o.log.warn({ err, node: this.o.node, sliver: id }, 'a sliver could not be stopped');
        }
      }),
    );
  }

  private pass(): void {
    const now = this.o.now();
    const { steps, wakeAt } = plan({
      now,
      leases: [...this.o.leases().values()].filter((lease) => !this.held.has(lease.jti)),
      found: this.found,
      attempts: this.attempts,
      busy: new Set(this.running.keys()),
      stopping: this.stopping,
      stopped: new Set([...(this.o.wishes?.() ?? [])].flatMap(([id, wish]) => (wish.stopped ? [id] : []))),
      bare: new Set([...(this.o.wishes?.() ?? [])].flatMap(([id, wish]) => (wish.bare ? [id] : []))),
    });
    for (const step of steps.slice(0, this.o.driver.concurrency - this.running.size)) this.run(step);
    this.settleStates(now);
    this.divide();
    if (this.timer) clearTimeout(this.timer);
    this.timer =
      wakeAt === null ? null : setTimeout(() => this.wake(), Math.min(Math.max(1, wakeAt - now), MAX_TIMER_MS)).unref();
  }

  /** Tells the driver who shares the machine now. What cannot be written does not stop the loop: the next pass tries again. */
  private divide(): void {
    const { driver } = this.o;
    if (!driver.divide) return;
    const running = new Map<string, ResourceVector>();
    for (const [id, lease] of this.o.leases())
      if (this.found.get(id) === 'running') running.set(id, this.specOf(lease).resources);
    try {
      driver.divide(running, this.o.places?.() ?? 0);
    } catch (err) {
      this.o.log.warn({ err, node: this.o.node }, 'shares of the processor could not be written');
    }
  }

  private run(step: Step): void {
    const done = this.apply(step)
      .then(
        () => {
          if (step.kind !== 'start') this.attempts.delete(step.id);
        },
        (err: unknown) => this.failed(step, err),
      )
      .finally(() => {
        this.running.delete(step.id);
        this.wake();
      });
    this.running.set(step.id, done);
  }

  private async apply(step: Step): Promise<void> {
    const { signal } = this.stopper;
    const { driver } = this.o;
    const lease = this.o.leases().get(step.id);
    if (step.kind === 'lapse') {
      if (lease) await this.o.lapse(lease);
    } else if (step.kind === 'remove') {
      await driver.remove(step.id, signal);
      this.found.delete(step.id);
      if (lease && this.isBare(step.id)) this.change(step.id, 'scheduled', LEASED_ONLY);
      else this.change(step.id, 'gone', this.records.get(step.id)?.reason ?? null);
    } else if (step.kind === 'stop') {
      await this.o.mark(); // a clock that steps back in a crash must not let it run again
      await driver.stop(step.id, signal);
      this.found.set(step.id, 'stopped');
      this.change(step.id, 'stopped', this.restsFor(step.id, lease));
    } else if (lease) {
      this.change(step.id, 'starting');
      this.found.set(step.id, 'stopped'); // from here on something may be there that has to be removed
      await driver.start(this.specOf(lease), signal);
      this.found.set(step.id, 'running');
      this.attempts.delete(step.id);
      if (this.o.leases().has(step.id)) this.change(step.id, 'running');
    }
  }

  private failed(step: Step, err: unknown): void {
    if (this.stopper.signal.aborted) return;
    const count = (this.attempts.get(step.id)?.count ?? 0) + 1;
    const givenUp = step.kind === 'start' && count >= MAX_STARTS;
    const backoff = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (count - 1)) * (0.75 + Math.random() / 2);
    this.attempts.set(step.id, { count, notBefore: this.o.now() + backoff, givenUp });
    this.o.log.warn({ err, node: this.o.node, step, attempt: count, givenUp }, 'step failed');
    if (step.kind === 'start')
      this.change(step.id, givenUp ? 'failed' : 'starting', startFailure(this.o.node, err, count));
  }

  /** Looks for slivers that ended by themselves. */
  private async look(): Promise<void> {
    try {
      const seen = await this.o.driver.list(this.stopper.signal);
      for (const id of new Set([...seen.keys(), ...this.found.keys()])) {
        if (this.running.has(id)) continue; // changing as we look
        const state = seen.get(id);
        if (state === undefined) this.found.delete(id);
        else this.found.set(id, state);
      }
      this.wake();
    } catch (err) {
      if (!this.stopper.signal.aborted) this.o.log.warn({ err, node: this.o.node }, 'could not look at the slivers');
    }
  }

  /** States that follow from time alone; forgets what is long gone. */
  private settleStates(now: number): void {
    const leases = this.o.leases();
    for (const [id, record] of this.records) {
      const lease = leases.get(id);
      if (!lease) {
        // Of those that are gone there may be many more than live.
        if (record.state !== 'gone') {
          if (!this.found.has(id) && !this.running.has(id)) this.change(id, 'gone', record.reason);
        } else if (record.since + REMEMBER_GONE_MS < now) this.records.delete(id);
      } else if (this.isBare(id)) {
        // Nothing of it runs, whatever the time.
      } else if (desired(lease, now) === 'stopped' && !this.found.has(id) && !this.running.has(id)) {
        this.change(id, 'stopped');
      } else if (this.restsFor(id, lease) && this.found.get(id) !== 'running' && !this.running.has(id)) {
        this.change(id, 'stopped', this.restsFor(id, lease));
      }
    }
  }

  private change(id: string, state: NodeSliverState, reason: SliverRecord['reason'] = null): void {
    const record = this.records.get(id);
    if (!record?.change(state, this.o.now(), reason)) return;
    this.o.driver.note(id, `${new Date(this.o.now()).toISOString()} ${state}${reason ? `: ${sentence(reason)}` : ''}`);
    this.o.onChange(record);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
