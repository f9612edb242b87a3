import { setTimeout } from 'node:timers/promises';
import type { SliverStatus } from '@/protocol/node-manager/schemas';
import { closeClients, nodeManagerClient } from '@/protocol/transport/client';
import type { PartnerIdentity } from '@/protocol/transport/partner-identity';
import type { AgentLog } from '../agent';
import { reasonOf } from '../heartbeats';
import { inTransaction, type Pool } from '../store/database';
import { heardOf, type Watched, watchedNodes } from '../store/host-slivers';
import { notifySlivers } from '../store/notices';
import { applyReports, dropUnlisted, type Listed, type Report } from '../store/slivers';

/** How often a partner's nodes are asked for our slivers, in ms: a node there pushes heartbeats to its own agent only. */
const ASK_MS = 2_500;
/** Nodes asked at once. */
const AT_ONCE = 16;
const ANSWER_MS = 4_000;

type Said = { node: Watched; slivers: SliverStatus[] };

/** Learns how our slivers on a partner's nodes are, by asking each node as the service manager, and keeps it as a heartbeat would. */
export class WatchSlivers {
  constructor(
    private readonly pool: Pool,
    private readonly host: { id: string; authority: string },
    private readonly identity: PartnerIdentity,
    private readonly log: AgentLog,
  ) {}

  async until(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look(signal).catch((err: unknown) => {
        if (!signal.aborted)
          this.log.error({ err, partner: this.host.authority }, 'slivers at a partner could not be looked at');
      });
      await setTimeout(ASK_MS, undefined, { signal }).catch(() => {});
    }
    await closeClients(this.identity.source);
  }

  private async look(signal: AbortSignal): Promise<void> {
    const nodes = await watchedNodes(this.pool, this.host.id);
    if (nodes.length === 0) return;
    await this.identity.ready();
    const waiting = [...nodes];
    const said: Said[] = [];
    const ask = async () => {
      for (let node = waiting.pop(); node && !signal.aborted; node = waiting.pop()) {
        const target = { address: node.address, urn: node.urn, jkt: node.jkt };
        const client = nodeManagerClient(target, this.identity.source, { answerMs: ANSWER_MS });
        // One that does not answer is silent, as one that sends no heartbeat: the sweep says so.
        const answer = await client.slivers.query(undefined, { signal }).catch(() => null);
        if (answer) said.push({ node, slivers: answer.slivers });
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, nodes.length) }, ask));
    if (said.length > 0) await this.keep(said);
  }

  private async keep(said: readonly Said[]): Promise<void> {
    const at = new Date().toISOString();
    await inTransaction(this.pool, async (tx) => {
      const { changed } = await applyReports(
        tx,
        // Also of leases that nobody here knows (yet): these change nothing.
        said.flatMap(({ node, slivers }) => slivers.map((one) => reportOf(node, one, at))),
      );
      const dropped = await dropUnlisted(
        tx,
        said.flatMap(({ node, slivers }) => listOf(node, slivers)),
      );
      await heardOf(
        tx,
        said.map(({ node }) => node.nodeId),
      );
      await notifySlivers(tx, [...changed, ...dropped]);
    });
  }
}

/** A list as long as nodes give may have been cut. */
const LIST_LIMIT = 1_000;

function reportOf({ jkt }: Watched, { lease, state, reason, since }: SliverStatus, at: string): Report {
  return { jkt, leaseJti: lease.jti, state, reason: reason && reasonOf(reason), since, at };
}

function listOf({ nodeId, urn }: Watched, slivers: readonly SliverStatus[]): Listed[] {
  if (slivers.length >= LIST_LIMIT) return [];
  return [{ nodeId, urn, jtis: slivers.map((one) => one.lease.jti), lost: null }];
}
