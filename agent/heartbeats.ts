import type { z } from 'zod';
import { REFUSAL_CODES, type Reason, Refused } from '@/core/errors';
import { HEARTBEAT_MS } from '@/core/node/reachability';
import type { HeartbeatInput, HeartbeatOutput } from '@/protocol/agent/schemas';
import { jwkFromRaw } from '@/protocol/statement/keys';
import type { Peer } from '@/protocol/trpc';
import type { Watchers } from './revocations/watchers';
import { agentsInForce, type OwnAgent } from './store/agents';
import { inTransaction, type Pool } from './store/database';
import { type Beat, type BeatOutcome, type Holding, recordBeats, revokedPrograms } from './store/heartbeats';
import { type HolderList, type HolderReport, keepHolderLeases } from './store/holder-leases';
import { notifyNodes, notifySlices, notifySlivers } from './store/notices';
import { applyReports, dropUnlisted, type Listed, type Report } from './store/slivers';
import { recordUsage, type Usage } from './store/usage';

type Input = z.infer<typeof HeartbeatInput>;
type Output = z.infer<typeof HeartbeatOutput>;
type Waiting = { peer: Peer; input: Input; resolve: (output: Output) => void; reject: (error: unknown) => void };

/** Heartbeats that arrive within this long are stored together, in one commit. */
export const GATHER_MS = 50;
/** … at most so many. */
const MAX_BATCH = 500;
/** A node that sends more while these wait (the database is slow) is told to come back later. */
const MAX_WAITING_OF_NODE = 3;
/** After so many lists in a row that name leases which nobody here knows, the rest is taken as not ours to know. */
const MAX_ASKED_AGAIN = 3;
/** A list as long as the schema allows may have been cut. */
const LIST_LIMIT = 1_000;

/**
 * Takes heartbeats in: soft state, coalesced so that thousands of nodes cost a few commits a second. An answer means
 * stored; when the database is away all that waited fail, and the nodes send again.
 */
export class Heartbeats {
  private waiting = new Map<string, Waiting[]>();
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private readonly askedAgain = new Map<string, number>();

  constructor(
    private readonly pool: Pool,
    /** Null in a test that is about none. */
    private readonly watchers: Watchers | null = null,
  ) {}

  /** Stores one; resolves when it is durable. Throws Refused NODE_NOT_ENROLLED when the peer's key does not count for that node. */
  take(peer: Peer, input: Input): Promise<Output> {
    if ((this.waiting.get(peer.urn)?.length ?? 0) >= MAX_WAITING_OF_NODE) {
      return Promise.reject(new Refused('RATE_LIMITED', { retryAfterSeconds: HEARTBEAT_MS / 1000 }));
    }
    return new Promise((resolve, reject) => {
      this.waiting.set(peer.urn, [...(this.waiting.get(peer.urn) ?? []), { peer, input, resolve, reject }]);
      if (this.waiting.size >= MAX_BATCH) this.flush();
      else this.timer ??= setTimeout(() => this.flush(), GATHER_MS);
    });
  }

  /** Stores what waits; resolves when it is. */
  async close(): Promise<void> {
    while (this.waiting.size > 0 || this.timer) this.flush();
    await this.running;
  }

  private flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const batch = [...this.waiting.values()].flatMap((ofNode) => ofNode.slice(0, 1)); // a node's second one waits its turn
    this.waiting = new Map(
      [...this.waiting].flatMap(([urn, ofNode]) => (ofNode.length > 1 ? [[urn, ofNode.slice(1)] as const] : [])),
    );
    if (this.waiting.size > 0) this.timer = setTimeout(() => this.flush(), GATHER_MS);
    if (batch.length > 0) this.running = this.running.then(() => this.store(batch));
  }

  private async store(batch: Waiting[]): Promise<void> {
    try {
      const answers = await inTransaction(this.pool, async (tx) => {
        const outcomes = new Map((await recordBeats(tx, batch.map(beatOf))).map((one) => [one.urn, one]));
        const heard = batch.filter(({ peer }) => outcomes.has(peer.urn));
        const { changed, unknown } = await applyReports(tx, heard.flatMap(reportsOf));
        const holders = await keepHolderLeases(tx, heard.flatMap(heldOf), heard.flatMap(listedOf));
        const dropped = await dropUnlisted(
          tx,
          heard.flatMap(({ peer, input }) => listOf(input, outcomes.get(peer.urn))),
        );
        await recordUsage(tx, heard.flatMap(usageOf));
        await notifySlivers(tx, [...changed, ...dropped]);
        await notifySlices(tx, holders);
        await notifyNodes(
          tx,
          [...outcomes.values()].filter((one) => one.changed).map((one) => one.nodeId),
        );
        return {
          outcomes,
          unknown: new Set(unknown.map((report) => report.jkt)),
          revokedKeys: await revokedPrograms(tx),
          agents: await agentsInForce(tx),
        };
      });
      const now = new Date().toISOString();
      const asking = batch.map(({ peer, input }) => ({ urn: peer.urn, heard: input.revocationsHeard }));
      const missing = await this.watchers?.missing(asking);
      for (const one of batch) {
        const outcome = answers.outcomes.get(one.peer.urn);
        if (!outcome) one.reject(new Refused('NODE_NOT_ENROLLED', { node: one.peer.urn }));
        else
          one.resolve({
            ...this.answer(outcome, answers.unknown.has(one.peer.jkt), answers, now),
            revocations: missing?.get(one.peer.urn),
          });
      }
    } catch (err) {
      if (batch.length > 1 && isAboutData(err)) for (const one of batch) await this.store([one]);
      else for (const one of batch) one.reject(err);
    }
  }

  private answer(
    outcome: BeatOutcome,
    named: boolean,
    { revokedKeys, agents }: { revokedKeys: string[]; agents: OwnAgent[] },
    now: string,
  ): Output {
    const lost = outcome.was === null || outcome.was === 'unreachable' || outcome.newIncarnation;
    return {
      now,
      wantFull: lost || this.askAgain(outcome.urn, named),
      adminSwitch: outcome.adminSwitch,
      revokedKeys,
      agents: agents.map((agent) => ({
        ...wishOf(agent, outcome.holds[agent.jkt]),
        held: outcome.heldBack.includes(agent.id),
        wantStanding: outcome.wantStandings.includes(agent.id),
      })),
      journalSeen: outcome.journalSeen,
    };
  }

  /** A lease may be reported before its service manager stored it: ask again, but not for ever. */
  private askAgain(urn: string, namedUnknown: boolean): boolean {
    if (!namedUnknown) {
      this.askedAgain.delete(urn);
      return false;
    }
    const asked = this.askedAgain.get(urn) ?? 0;
    this.askedAgain.set(urn, asked + 1);
    return asked < MAX_ASKED_AGAIN;
  }
}

/** SQLSTATE class 22: the database refused a value. Which node sent it shows when each is stored by itself. */
function isAboutData(err: unknown): boolean {
  return err instanceof Error && 'code' in err && String(err.code).startsWith('22');
}

/** What is wished for an agent's key, beside what that has. */
function wishOf({ urn, publicKey, address, shareMilli, degreeMilli, next }: OwnAgent, has: Holding | undefined) {
  return { urn, publicKey: jwkFromRaw(publicKey), address, shareMilli, degreeMilli, holds: has ?? null, next };
}

function beatOf({ peer, input }: Waiting): Beat {
  const { incarnation, journalSequence, driver, capacity, free, load1Milli, version, uptimeSeconds, missing } = input;
  const { images, imageProblems, enforcement, policy, life } = input;
  const facts = { version, uptimeSeconds, missing, images, imageProblems, enforcement, policy, life };
  return {
    urn: peer.urn,
    jkt: peer.jkt,
    incarnation,
    journalSequence,
    driver,
    capacity,
    free,
    slivers: input.sliverCount,
    load1Milli,
    facts,
    revocationsHeard: input.revocationsHeard,
  };
}

function usageOf({ peer, input }: Waiting): Usage[] {
  return input.usage ? [{ urn: peer.urn, jkt: peer.jkt, ...input.usage }] : [];
}

function reportsOf({ peer, input }: Waiting): Report[] {
  return input.slivers.flatMap(({ leaseJti, state, reason, since, held }) => {
    if (held) return [];
    return [{ jkt: peer.jkt, leaseJti, state, reason: reason && reasonOf(reason), since, at: input.at }];
  });
}

function heldOf({ peer, input }: Waiting): HolderReport[] {
  return input.slivers.flatMap(({ slice, leaseJti, state, reason, since, held }) => {
    if (!held) return [];
    const { ticket, ...rest } = held;
    const of = { urn: peer.urn, jkt: peer.jkt, jti: leaseJti, slice, state, reason: reason && reasonOf(reason), since };
    return [{ ...of, ...rest, ticketIss: ticket.iss, ticketJti: ticket.jti }];
  });
}

function listedOf({ peer, input }: Waiting): HolderList[] {
  if (!input.full || input.slivers.length >= LIST_LIMIT) return [];
  return [{ urn: peer.urn, jkt: peer.jkt, jtis: input.slivers.map((sliver) => sliver.leaseJti) }];
}

/** A reason with a code of ours; what a newer node says in a word we do not know yet is told as a failed start. */
export function reasonOf(reason: { code: string; facts: Reason['facts'] }): Reason {
  const code = REFUSAL_CODES.find((known) => known === reason.code);
  return code
    ? { code, facts: reason.facts }
    : { code: 'START_FAILED', facts: { ...reason.facts, problem: reason.code } };
}

function listOf(input: Input, outcome: BeatOutcome | undefined): Listed[] {
  if (!outcome || !input.full || input.slivers.length >= LIST_LIMIT) return [];
  const { life } = input;
  const lost = life && life.why !== 'enrolled' ? { since: life.since, why: life.why } : null;
  const jtis = input.slivers.map((sliver) => sliver.leaseJti);
  return [{ nodeId: outcome.nodeId, urn: outcome.urn, jtis, lost }];
}
