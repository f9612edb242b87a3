import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Refused } from '@/core/errors';
import { parseUrn } from '@/core/identity/urn';
import type { GoneNode, GrantedInput, GrantedNode, GrantedOutput } from '@/protocol/agent/partners';
import type { Peer } from '@/protocol/trpc';
import type { Pool } from '../store/database';
import { partnerAgentOf, readGone, readGranted } from '../store/granted';

/** So fresh the word is that waiting partners share, in ms. */
const LOOK_MS = 500;
/** Questions of one partner that wait at once. */
const MAX_WAITING = 4;

type Entry = { seq: number; text: string; said: { node: GrantedNode } | { gone: GoneNode } };
type Feed = {
  seq: number;
  entries: Map<string, Entry>;
  lookedAt: number;
  looking: Promise<void> | null;
  waiting: number;
};

/**
 * What each partner was granted, and how those nodes are: told whole once, then by what changed. Numbers of changes are this process's
 * own; a guest that comes with another's is told all again.
 */
export class GrantFeeds {
  private readonly epoch = randomUUID();
  private readonly feeds = new Map<string, Feed>();

  /** @param ending When aborted, those who wait are answered. */
  constructor(
    private readonly pool: Pool,
    private readonly ending: AbortSignal,
  ) {}

  /** Waits until something of the peer's changed, or the time is over. Throws Refused REVOKED for who is no partner's agent any more. */
  async answer(peer: Peer, input: GrantedInput, signal: AbortSignal | undefined): Promise<GrantedOutput> {
    const agentId = await this.agentOf(peer);
    const feed = this.feeds.get(agentId) ?? { seq: 0, entries: new Map(), lookedAt: 0, looking: null, waiting: 0 };
    this.feeds.set(agentId, feed);
    if (feed.waiting >= MAX_WAITING) throw new Refused('RATE_LIMITED', { retryAfterSeconds: 5 });
    const since = input.since?.epoch === this.epoch ? input.since.seq : null;
    const until = performance.now() + input.waitMs;
    feed.waiting += 1;
    try {
      for (;;) {
        await this.look(agentId, feed);
        const news = [...feed.entries.values()].filter((one) => since === null || one.seq > since);
        const left = until - performance.now();
        if (since === null || news.length > 0 || left <= 0 || signal?.aborted || this.ending.aborted)
          return {
            at: new Date().toISOString(),
            epoch: this.epoch,
            seq: feed.seq,
            full: since === null,
            nodes: news.flatMap(({ said }) => ('node' in said ? [said.node] : [])),
            gone: news.flatMap(({ said }) => ('gone' in said ? [said.gone] : [])),
          };
        await setTimeout(Math.min(LOOK_MS, left), undefined, signal && { signal }).catch(() => {});
        await this.agentOf(peer); // a partnership may end while its agent waits
      }
    } finally {
      feed.waiting -= 1;
    }
  }

  private async agentOf(peer: Peer): Promise<string> {
    const agentId = await partnerAgentOf(this.pool, parseUrn(peer.urn)?.site ?? '', peer.jkt);
    if (!agentId) throw new Refused('REVOKED', { kind: 'key', id: peer.jkt });
    return agentId;
  }

  private async look(agentId: string, feed: Feed): Promise<void> {
    if (performance.now() - feed.lookedAt < LOOK_MS && feed.lookedAt > 0) return;
    feed.looking ??= this.read(agentId, feed).finally(() => {
      feed.looking = null;
    });
    await feed.looking;
  }

  private async read(agentId: string, feed: Feed): Promise<void> {
    const [nodes, gone] = await Promise.all([readGranted(this.pool, agentId), readGone(this.pool, agentId)]);
    const said = new Map<string, Entry['said']>();
    for (const one of gone) said.set(one.urn, { gone: one });
    for (const node of nodes) said.set(node.urn, { node });
    const seq = feed.seq + 1;
    for (const [urn, one] of said) {
      const text = JSON.stringify(one);
      if (feed.entries.get(urn)?.text === text) continue;
      feed.entries.set(urn, { seq, text, said: one });
      feed.seq = seq;
    }
    for (const [urn, { said: before }] of feed.entries) {
      if (said.has(urn) || 'gone' in before) continue; // told long ago, or about to be told
      const one = { urn, at: new Date().toISOString(), why: null, endLeases: false };
      feed.entries.set(urn, { seq, text: '', said: { gone: one } });
      feed.seq = seq;
    }
    feed.lookedAt = performance.now();
  }
}
