import { setTimeout } from 'node:timers/promises';
import { Refused } from '@/core/errors';
import type { GrantedOutput } from '@/protocol/agent/partners';
import { agentClient, closeClients } from '@/protocol/transport/client';
import { PartnerIdentity } from '@/protocol/transport/partner-identity';
import { refusedFrom } from '@/protocol/trpc';
import type { AgentLog } from '../agent';
import type { Issuer } from '../issue';
import { type HostRow, readHosts } from '../store/host-nodes';
import { noteProblem } from '../store/partners';
import { takeGranted } from './follow-host';
import type { Guest } from './join-hosts';
import { WatchSlivers } from './watch-slivers';

/** How long a question waits for news: also how old our word that all is as it was may become, in ms. */
const WAIT_MS = 4_000;
/** Until a host that did not answer is asked again, in ms. */
const AGAIN_MS = 2_000;

type Followed = { key: string; stop: AbortController; done: Promise<void> };

/** Follows every host by a long poll of its own, for as long as it is one, and our slivers on its nodes. */
export class FollowHosts {
  private readonly followed = new Map<string, Followed>();

  constructor(
    private readonly guest: Guest,
    private readonly issuer: Issuer,
    private readonly log: AgentLog,
  ) {}

  /** Begins with hosts that are new or moved, leaves those that are none any more. */
  async look(): Promise<void> {
    const hosts = new Map((await readHosts(this.guest.pool)).map((host) => [host.id, host]));
    for (const [id, one] of this.followed) {
      const host = hosts.get(id);
      if (host && keyOf(host) === one.key) continue;
      one.stop.abort();
      this.followed.delete(id);
      await one.done;
    }
    for (const host of hosts.values()) {
      if (this.followed.has(host.id)) continue;
      const stop = new AbortController();
      this.followed.set(host.id, { key: keyOf(host), stop, done: this.follow(host, stop.signal) });
    }
  }

  async close(): Promise<void> {
    const all = [...this.followed.values()];
    this.followed.clear();
    for (const { stop } of all) stop.abort();
    await Promise.all(all.map(({ done }) => done));
  }

  private async follow(host: HostRow, signal: AbortSignal): Promise<void> {
    const { pool, authority, key, manager } = this.guest;
    const identity = new PartnerIdentity(host, { authority, part: 'am', key });
    const slivers = new WatchSlivers(
      pool,
      host,
      new PartnerIdentity(host, { authority, part: 'sm', key: manager }),
      this.log,
    );
    const watching = slivers.until(signal);
    const client = agentClient({ address: host.agentAddress, urn: host.agentUrn, jkt: host.agentJkt }, identity.source);
    let since: { epoch: string; seq: number } | null = null;
    while (!signal.aborted) {
      try {
        await identity.ready();
        const said: GrantedOutput = await client.granted.query({ since, waitMs: since ? WAIT_MS : 0 }, { signal });
        const leftOut = await takeGranted(this.issuer, host, said, Date.now());
        if (leftOut.length > 0)
          this.log.error(
            { partner: host.authority, nodes: leftOut.slice(0, 5), count: leftOut.length },
            'nodes left out',
          );
        since = { epoch: said.epoch, seq: said.seq };
      } catch (err) {
        if (signal.aborted) break;
        const refused = refusedFrom(err);
        if (!refused) this.log.error({ err, partner: host.authority }, 'a partner could not be followed');
        const reason = (
          refused ??
          new Refused('AGENT_UNREACHABLE', { address: host.agentAddress, cause: 'it answered with an error' })
        ).reason;
        await noteProblem(pool, host.id, reason).catch(() => {});
        since = null;
        await setTimeout(AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
    await watching;
    await closeClients(identity.source);
  }
}

const keyOf = (host: HostRow) => JSON.stringify(host);
