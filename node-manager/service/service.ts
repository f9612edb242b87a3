// biome-ignore-all lint/suspicious/useAwait: a refusal must reject, not throw
import { Refused } from '@/core/errors';
import { policyView } from '@/protocol/node-manager/policy';
import type { NodeManagerService } from '@/protocol/node-manager/router';
import { proveAhead, type VerifiedTicket, verifyOpenTicket } from '@/protocol/statement/ticket';
import { type OpenStatement, openStatement } from '@/protocol/statement/verify';
import type { Peer } from '@/protocol/trpc';
import { type LeaseRecord, ticketKey } from '../lease/node-state';
import { makeLease, makeReceipt, ticketHash } from '../lease/redeem';
import { renewLease } from '../lease/renew';
import { judgePredecessor, judgeStanding } from '../lease/revocations';
import type { NodeManager } from '../node';
import type { SliverRecord } from '../sliver/record';
import { VERSION } from '../version';
import { accessService } from './access';
import { burnable } from './burn';
import { checkService } from './check';
import { flowsService } from './flows';
import { guards, isDeployment } from './guards';
import { boundsOf } from './holder-bounds';
import { portsService } from './ports';
import { proofsService, signedRefusal } from './proofs';
import { redeemAllService } from './redeem-all';
import { sliverControlService } from './sliver-control';
import { usageService } from './usage';

/** How long a release waits for the sliver's last trace to go before it answers all the same. */
const GONE_WITHIN_MS = 5_000;
const MAX_EXEC_BYTES = 262_144;
/** A list of keys may be a quarter of a megabyte of journal. */
const KEYS_COST = 10;
const never = new AbortController().signal;
/** Commands that run at once, of all slivers: each is a process on the host, outside of the sliver's limits. */
const MAX_EXECS = 32;

/** What a node does for a peer, for one node. Each call first asks whether this peer may. */
export function nodeService(node: NodeManager): NodeManagerService {
  const { ledger, urn, driver } = node.o;

  const guard = guards(node);
  const { asHolder, asDeployment, leasesOf, recordOf, runningOf, noLease } = guard;
  const status = (record: SliverRecord) => record.status(node.simulated);
  const execs = new Map<string, number>(); // by holder

  /** What a ticket became before; null for one that did not become a lease. */
  const redeemedBefore = (peer: Peer, text: string, ticket: OpenStatement<'ticket+jwt'>) => {
    const { iss, jti } = ticket.unverified.claims; // trusted only as far as the whole text is one we know
    const spent = node.state.spent.get(ticketKey({ iss, jti }));
    const lease = spent?.fate === 'leased' && spent.lease ? node.state.leases.get(spent.lease) : undefined;
    const record = lease && node.keeper.records.get(lease.jti);
    if (!record || lease.ticketHash !== ticketHash(text) || lease.holder !== peer.jkt) return null;
    return { lease: lease.text, record };
  };
  const again = async ({ lease, record }: { lease: string; record: SliverRecord }) => {
    await ledger.settled(); // it may be another caller's, not on the disk yet
    return { lease, sliver: status(record), again: true };
  };

  /** New work needs room on the disk, and to know that the ticket was not redeemed in a part of the journal that is missing. */
  const fitForNew = async (ticket: OpenStatement<'ticket+jwt'>) => {
    ledger.assertRoom();
    await node.sure.awaitFor(ticket.unverified.claims.nbf); // earlier than it says it cannot be redeemed
  };

  /** A word that something is over, which no crash may take back. */
  const overIsDurable = async (err: unknown): Promise<never> => {
    if (err instanceof Refused && (err.code === 'EXPIRED' || err.code === 'LEASE_OVER')) await ledger.mark();
    throw err;
  };

  /** On this thread: to hand one signature to another and be woken again costs more than to check it. */
  const verified = (peer: Peer, ticket: OpenStatement<'ticket+jwt'>, now: number) => {
    const found = verifyOpenTicket(ticket, {
      nodeUrn: urn,
      nodeJwk: node.o.key.jwk,
      incarnation: node.state.incarnation,
      now,
      revokedKeys: new Set(node.state.revokedKeys),
      holderJkt: peer.jkt,
    });
    judgeStanding(node.state.revocations, { holder: peer.jkt, ticket: found.claims, links: found.chain });
    return found;
  };

  /** Resolves once a sliver that is about to start has, or did not within the time. */
  const started = async (record: SliverRecord, waitMs: number, signal: AbortSignal) => {
    const until = Date.now() + waitMs;
    for (let left = waitMs; record.state === 'starting' && left > 0 && !signal.aborted; left = until - Date.now())
      await node.nextChange(record.lease.slice, left, signal);
  };

  /** `known`: the ticket, where it was decoded already. */
  const redeem = async (
    peer: Peer,
    { ticket: text, sliver = true, waitMs = 0 }: { ticket: string; sliver?: boolean; waitMs?: number },
    signal: AbortSignal = never,
    known: OpenStatement<'ticket+jwt'> | null = null,
  ) => {
    asHolder(peer);
    const opened = known ?? openStatement('ticket+jwt', text);
    let before = redeemedBefore(peer, text, opened);
    if (!before) {
      await fitForNew(opened);
      before = redeemedBefore(peer, text, opened); // anew, in the turn that decides: the same ticket may have come twice
    }
    if (before) {
      await started(before.record, waitMs, signal);
      return again(before);
    }
    let lease: LeaseRecord;
    let holds: VerifiedTicket | null = null;
    const now = ledger.now();
    try {
      // From here to `record` in one turn: nobody else decides in between.
      guard.judgeHolder(peer);
      holds = verified(peer, opened, now);
      lease = makeLease(node.self, node.books, node.offer, holds, text, now);
    } catch (err) {
      return overIsDurable(signedRefusal(node, peer, holds, text, err, now));
    }
    const entered = node.keeper.enter(
      lease,
      ledger.record(urn, { t: 'leased', at: now, lease, ...(sliver ? {} : { bare: true }) }),
    );
    node.books.enter(lease);
    const record = await entered;
    await started(record, waitMs, signal);
    return { lease: lease.text, sliver: status(record), again: false };
  };

  const service: NodeManagerService = {
    ...redeemAllService(guard, redeem, (opened) => proveAhead(opened, { nodeJwk: node.o.key.jwk })),
    ...portsService(node, guard),
    ...proofsService(node, guard),
    ...flowsService(node, guard),
    ...sliverControlService(node, guard),
    ...usageService(node, guard),
    ...accessService(node, guard),
    ...checkService(node, guard),

    async config(peer) {
      if (peer.kind !== 'agent') asHolder(peer);
      const inside = isDeployment(peer); // what the host lacks is not others' to know
      return {
        protocol: 1,
        version: VERSION,
        node: urn,
        jkt: node.o.key.jkt,
        incarnation: node.state.incarnation,
        capacity: node.capacity,
        drivers: inside ? node.o.drivers : node.o.drivers.map((one) => ({ ...one, missing: [] })),
        driver: driver.name,
        images: [...node.offer.images],
        imageProblems: inside ? node.imageProblems() : [],
        enforcement: driver.enforcement,
        profiles: [...node.offer.profiles],
        maxTermSeconds: node.offer.maxTermSeconds,
        now: new Date(ledger.now()).toISOString(),
      };
    },

    async status(peer) {
      asDeployment(peer);
      const slivers = { scheduled: 0, starting: 0, running: 0, stopped: 0, failed: 0, gone: 0 };
      for (const record of node.keeper.records.values()) slivers[record.state] += 1;
      return {
        now: new Date(ledger.now()).toISOString(),
        uptimeSeconds: node.uptimeSeconds,
        incarnation: node.state.incarnation,
        journalSequence: ledger.sequence,
        capacity: node.capacity,
        free: node.books.freeAt(ledger.now()),
        load1Milli: node.load1Milli(),
        policy: policyView(node.policy.current, node.policy.problem),
        slivers,
      };
    },

    redeem: (peer, input, signal) => redeem(peer, input, signal),

    async renew(peer, { ticket: text }) {
      asHolder(peer);
      const opened = openStatement('ticket+jwt', text);
      let before = redeemedBefore(peer, text, opened);
      if (!before) {
        await fitForNew(opened);
        before = redeemedBefore(peer, text, opened); // anew, in the turn that decides: the same ticket may have come twice
      }
      if (before) return again(before);
      const now = ledger.now();
      let lease: LeaseRecord;
      let holds: VerifiedTicket | null = null;
      try {
        // From here to `record` in one turn: no release, no end of the grace and no other renewal decides in between.
        holds = verified(peer, opened, now);
        judgePredecessor(node.state, holds.claims);
        lease = renewLease(node.self, node.books, node.offer, holds, text, now);
      } catch (err) {
        return overIsDurable(signedRefusal(node, peer, holds, text, err, now));
      }
      if (holds.claims.replaces) node.endings.note({ iss: holds.claims.iss, jti: holds.claims.replaces }, now);
      const entered = node.keeper.renewed(lease, ledger.record(urn, { t: 'renewed', at: now, lease }));
      node.books.enter(lease);
      return { lease: lease.text, sliver: status(await entered), again: false };
    },

    async release(peer, { slice, burn }) {
      asHolder(peer);
      const now = ledger.now();
      const receipts: string[] = [];
      const burning = burnable(node, peer, slice, burn, now).flatMap(({ iss, jti }) => {
        const spent = node.state.spent.get(ticketKey({ iss, jti }));
        if (spent?.receipt) receipts.push(spent.receipt);
        if (spent) return [];
        const receipt = makeReceipt(
          node.self,
          { kind: 'burnt', slice, ticket: { iss, jti }, code: 'TICKET_BURNT', facts: { iss, jti } },
          now,
        );
        receipts.push(receipt);
        node.endings.note({ iss, jti }, now);
        return [ledger.record(urn, { t: 'burnt', at: now, iss, jti, receipt })];
      });
      const leases = leasesOf(peer, slice);
      const ending = leases.map((lease) => node.end(lease, 'released'));
      await Promise.all(burning);
      receipts.push(...(await Promise.all(ending)));
      await ledger.settled(); // also what an earlier call burnt a moment ago
      await Promise.all(leases.map((lease) => node.keeper.untilGone(lease.jti, GONE_WITHIN_MS)));
      return { outcome: leases.length > 0 ? 'released' : 'nothing', receipts: [...new Set(receipts)].slice(0, 65) };
    },

    async setKeys(peer, { slice, keys }) {
      asHolder(peer, KEYS_COST);
      if (leasesOf(peer, slice).length === 0) throw noLease(slice);
      const wanted = [...new Set(keys)];
      const known = node.state.keys.get(slice) ?? [];
      const changed = known.length !== wanted.length || wanted.some((key, i) => key !== known[i]);
      if (changed) ledger.assertRoom();
      if (changed) await ledger.record(urn, { t: 'keys', at: ledger.now(), slice, keys: wanted });
      else await ledger.settled(); // another call's may not be on the disk yet
      node.access?.ssh.keysChanged(slice);
      return { count: wanted.length, changed };
    },

    async keys(peer, { slice }) {
      asHolder(peer);
      if (leasesOf(peer, slice).length === 0) throw noLease(slice);
      return { keys: [...(node.state.keys.get(slice) ?? [])] };
    },

    async slivers(peer) {
      asHolder(peer);
      return {
        slivers: [...node.keeper.records.values()]
          .filter((r) => r.lease.holder === peer.jkt)
          .slice(0, 1000)
          .map(status),
      };
    },

    async sliver(peer, { slice, waitWhile, waitMs }, signal) {
      asHolder(peer);
      const until = Date.now() + waitMs;
      for (;;) {
        const record = recordOf(peer, slice);
        const left = until - Date.now();
        if (record.state !== waitWhile || left <= 0 || signal.aborted) return status(record);
        await node.nextChange(slice, left, signal);
      }
    },

    async exec(peer, { slice, argv, timeoutMs }, signal) {
      asHolder(peer);
      const record = runningOf(peer, slice);
      const own = execs.get(peer.jkt) ?? 0;
      const all = [...execs.values()].reduce((sum, n) => sum + n, 0);
      if (all >= MAX_EXECS || own >= boundsOf(peer).execs) throw new Refused('RATE_LIMITED', { retryAfterSeconds: 1 });
      const began = performance.now();
      execs.set(peer.jkt, own + 1);
      try {
        const result = await driver.exec(record.lease.jti, argv, { timeoutMs, maxBytes: MAX_EXEC_BYTES, signal });
        return { ...result, durationMs: Math.round(performance.now() - began) };
      } finally {
        const left = (execs.get(peer.jkt) ?? 1) - 1;
        if (left > 0) execs.set(peer.jkt, left);
        else execs.delete(peer.jkt);
      }
    },
  };
  return service;
}
