import { setTimeout as after } from 'node:timers/promises';
import { Refused } from '@/core/errors';
import { WATCH_HOLD_MS, type WatchOutput } from '@/protocol/agent/revocations';
import { signStatement } from '@/protocol/statement/sign';
import { agentClient, orRefused } from '@/protocol/transport/client';
import type { LeaseRecord } from './lease/node-state';
import { newStatementId } from './lease/redeem';
import {
  authorityRevoked,
  endingOnly,
  MAX_KEPT_REVOCATIONS,
  type RevokedRecord,
  revokedBy,
  revokedKey,
  revokedRecord,
} from './lease/revocations';
import type { NodeManager } from './node';

const MAX_BACKOFF_MS = 10_000;
/** An agent that answers polls at once with nothing is not asked oftener than this. */
const IDLE_POLL_MS = 200;
/** A simulated node that plays dead looks this often whether it lives again. */
const DEAD_MS = 1_000;
/** Receipts on delegations that were taken back, kept for who asks. */
const MAX_RECEIPTS = 256;

/**
 * What was taken back, as far as this node has heard: by a long poll at its agent, and by what heartbeats answer. Only its deployment's
 * agent is asked, over the connection that the node itself dialled; nobody can call it with a revocation.
 */
export class Revocations {
  private readonly stopper = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private taking: Promise<void> = Promise.resolve();
  /** Numbers beyond what the journal says, of which none concerned this node. */
  private skipped = 0;
  /** Signed words on delegations that were taken back, by `iss jti`. */
  readonly receipts = new Map<string, string>();

  constructor(private readonly node: NodeManager) {}

  /** The highest number that is kept: said to the agent, which tells what came after. */
  get heard(): number {
    return Math.max(this.node.state.revocationsHeard, this.skipped);
  }

  /** Ends what a crash kept from ending, and listens. */
  begin(firstMs: number): void {
    void this.endLeases().catch((err: unknown) =>
      this.node.o.log.error({ err }, 'could not end what was taken back before'),
    );
    this.running = this.watch(firstMs);
  }

  async stop(): Promise<void> {
    this.stopper.abort();
    await this.running;
    await this.taking.catch(() => {});
  }

  /** Keeps what the agent told, one answer after the other; durable when it resolves, and leases that end at once are ended. */
  take(told: WatchOutput): Promise<void> {
    this.taking = this.taking.catch(() => {}).then(() => this.keep(told));
    return this.taking;
  }

  private async keep({ heard, revocations }: WatchOutput): Promise<void> {
    const { ledger, urn, log } = this.node.o;
    if (revocations.length === 0) {
      if (heard >= this.node.state.revocationsHeard) this.skipped = heard;
      else await this.record(heard, []);
      return;
    }
    const fresh = revocations.map(revokedRecord);
    if (this.node.state.revocations.size + fresh.length > MAX_KEPT_REVOCATIONS) {
      log.error({ node: urn, kept: this.node.state.revocations.size }, 'too much was taken back to keep more of it');
      return;
    }
    const before = new Set(this.node.state.revocations.keys());
    await this.record(heard, fresh);
    this.skipped = 0;
    const at = ledger.now();
    for (const one of fresh) {
      if (before.has(revokedKey(one))) continue;
      log.warn({ node: urn, ...one }, 'authority was taken back');
      if (one.kind === 'key') this.node.access?.terminals.endOfHolder(one.what);
      if (one.kind === 'delegation') this.sign(one, at);
    }
    await this.endLeases();
  }

  private record(heard: number, revocations: RevokedRecord[]): Promise<void> {
    const { ledger, urn } = this.node.o;
    return ledger.record(urn, { t: 'revoked', at: ledger.now(), heard, revocations });
  }

  /** Ends the leases under what was taken back with its leases. */
  private async endLeases(): Promise<void> {
    const ending = endingOnly(this.node.state.revocations);
    if (ending.size === 0) return;
    const met = [...this.node.state.leases.values()].flatMap((lease) => {
      const by = revokedBy(ending, lease);
      return by ? [{ lease, why: authorityRevoked(by) }] : [];
    });
    await Promise.all(met.map(({ lease, why }) => this.node.end(lease, 'released', why)));
  }

  /** The node's word that nothing new comes under a delegation, and until when what is there may last. */
  private sign({ what }: RevokedRecord, at: number): void {
    const { key, urn } = this.node.o;
    const [iss = '', jti = ''] = what.split(' ');
    if (!/^[A-Za-z0-9_-]{43}$/.test(iss) || !/^[A-Za-z0-9_-]{16,64}$/.test(jti)) return;
    const since = Math.floor(at / 1000);
    const under = (lease: LeaseRecord) => lease.links.some((link) => link.iss === iss && link.jti === jti);
    const until = [...this.node.state.leases.values()]
      .filter(under)
      .reduce((latest, lease) => Math.max(latest, lease.end + lease.graceSeconds), since);
    const { incarnation } = this.node.state;
    const claims = { iss: key.jkt, jti: newStatementId(), node: urn, incarnation, kind: 'revoked' as const };
    const text = signStatement('receipt+jwt', { ...claims, delegation: { iss, jti }, since, until, iat: since }, key);
    this.receipts.set(what, text);
    for (const oldest of this.receipts.keys()) {
      if (this.receipts.size <= MAX_RECEIPTS) break;
      this.receipts.delete(oldest);
    }
  }

  private async watch(firstMs: number): Promise<void> {
    const { signal } = this.stopper;
    await pause(firstMs, signal);
    for (let failures = 0; !signal.aborted; ) {
      const target = this.node.link.agentTarget;
      if (!target || !this.node.isAlive) {
        await pause(DEAD_MS, signal);
        continue;
      }
      const began = Date.now();
      try {
        const client = agentClient(target, this.node.link.source, { answerMs: WATCH_HOLD_MS + 10_000 });
        const told = await orRefused(client.watch.mutate({ heard: this.heard }, { signal }));
        if (this.node.isAlive) await this.take(told);
        failures = 0;
        if (told.revocations.length === 0 && Date.now() - began < IDLE_POLL_MS) await pause(IDLE_POLL_MS, signal);
      } catch (err) {
        if (signal.aborted) return;
        failures += 1;
        if (failures % 30 === 1)
          this.node.o.log.debug({ node: this.node.o.urn, err }, 'cannot hear what is taken back');
        if (err instanceof Refused) await this.ownKey(err);
        await pause(Math.min(MAX_BACKOFF_MS, 250 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2), signal);
      }
    }
  }

  /** Whoever's own key was taken back is answered by nothing but that: what it means is in the refusal. */
  async ownKey(err: Refused): Promise<void> {
    const { jkt } = this.node.o.key;
    const { endLeases, why, at } = err.facts;
    if (err.code !== 'REVOKED' || err.facts.kind !== 'key' || err.facts.id !== jkt || typeof at !== 'string') return;
    const known = this.node.state.revocations.get(`key ${jkt}`);
    if (known && (known.endLeases || endLeases !== true)) return;
    const one: RevokedRecord = {
      kind: 'key',
      what: jkt,
      endLeases: endLeases === true,
      reason: typeof why === 'string' ? why.slice(0, 300) : '',
      by: '',
      at,
      expiresAt: null,
    };
    await this.record(this.node.state.revocationsHeard, [one]);
    await this.endLeases();
  }
}

/** Resolves after the time, or when it is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return after(ms, undefined, { signal, ref: false }).catch(() => {});
}
