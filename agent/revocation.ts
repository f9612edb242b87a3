import { setTimeout } from 'node:timers/promises';
import type { RefusalFacts } from '@/core/errors';
import type { ConnectedPeer, Revoked } from '@/protocol/transport/peer';
import type { Pool } from './store/database';
import { revokedAmong } from './store/deployment';
import { recordHeard } from './store/revocations';

const GATHER_MS = 10;

type Waiting = { peer: ConnectedPeer; resolve: (revoked: Revoked) => void; reject: (err: unknown) => void };

/**
 * Asks the database at each call whether the caller's key or certificate was revoked. Calls that come while a question is
 * under way, or within 10 ms, share the next one, so that a thousand heartbeats ask a few times.
 */
export class Revocation {
  private waiting: Waiting[] = [];
  private asking = false;
  private readonly refused = new Map<string, number>();

  constructor(private readonly pool: Pool) {}

  isRevoked(peer: ConnectedPeer): Promise<Revoked> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ peer, resolve, reject });
      if (!this.asking) void this.ask();
    });
  }

  private async ask(): Promise<void> {
    this.asking = true;
    while (this.waiting.length > 0) {
      await setTimeout(GATHER_MS);
      const batch = this.waiting;
      this.waiting = [];
      try {
        const jkts = batch.map(({ peer }) => peer.jkt);
        const revoked = await revokedAmong(
          this.pool,
          jkts,
          batch.map(({ peer }) => peer.serial),
        );
        await this.told(batch, revoked);
        for (const { peer, resolve } of batch) resolve(revoked.get(peer.jkt) ?? revoked.get(peer.serial) ?? false);
      } catch (err) {
        for (const { reject } of batch) reject(err);
      }
    }
    this.asking = false;
  }

  /** Whoever is answered by nothing but that its key was taken back has heard of it; it can say so no more. */
  private async told(batch: readonly Waiting[], revoked: ReadonlyMap<string, RefusalFacts>): Promise<void> {
    const news = batch.flatMap(({ peer }) => {
      const number = revoked.get(peer.jkt)?.number;
      return typeof number === 'number' && this.refused.get(peer.urn) !== number
        ? [{ urn: peer.urn, heard: number }]
        : [];
    });
    if (news.length === 0) return;
    for (const { urn, heard } of news) this.refused.set(urn, heard);
    await recordHeard(this.pool, news).catch(() => {}); // only for who looks; it is refused all the same
  }
}
