import { tailOf } from '@/core/accountability/word';
import { SKEW_SECONDS } from '@/core/statement/bounds';
import { MAX_STANDING, type StandingReceiptClaims } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import type { NodeState } from './node-state';
import { type NodeSelf, newStatementId } from './redeem';

/** How long the window of a ticket may still be open after it ended: a day, which no agent of ours exceeds, and the skew. */
const OPEN_MS = (86_400 + SKEW_SECONDS) * 1000;

/**
 * Tickets that ended a while ago, by issuer. In memory only: what a restart forgets is cleared all the same once the windows are over,
 * and each such ticket has a receipt of its own.
 */
export class Endings {
  private readonly byIssuer = new Map<string, Map<string, number>>();

  note({ iss, jti }: { iss: string; jti: string }, at: number): void {
    const ended = this.byIssuer.get(iss) ?? new Map<string, number>();
    this.byIssuer.set(iss, ended);
    ended.delete(jti);
    ended.set(jti, at);
    for (const [oldest, when] of ended) {
      if (ended.size <= MAX_STANDING.ended && when > at - OPEN_MS) break;
      ended.delete(oldest);
    }
  }

  of(iss: string): string[] {
    return [...(this.byIssuer.get(iss)?.keys() ?? [])];
  }
}

/**
 * The node's word on all tickets of an issuer as of `now` (epoch ms); null when more of them live than one statement holds. All that it goes
 * by, and the time, must be durable before anybody hears it.
 */
export function makeStanding(self: NodeSelf, issuer: string, ended: readonly string[], now: number): string | null {
  const own = [...self.state.leases.values()].filter((lease) => lease.ticket.iss === issuer);
  if (own.length > MAX_STANDING.live) return null;
  const live = own.map((lease) => tailOf(lease.ticket.jti));
  const asOf = Math.floor(now / 1000);
  const { incarnation } = self.state;
  const held = new Set(own.map((lease) => lease.ticket.jti));
  const claims: StandingReceiptClaims = {
    iss: self.key.jkt,
    jti: newStatementId(),
    node: self.urn,
    incarnation,
    kind: 'standing',
    issuer,
    asOf,
    live,
    ended: ended.filter((jti) => !held.has(jti)),
    revoked: takenBack(self.state, issuer, asOf),
    iat: asOf,
  };
  return signStatement('receipt+jwt', claims, self.key);
}

/** The issuer's delegations that were taken back, each with the latest end of a lease under it. */
function takenBack(state: NodeState, issuer: string, asOf: number): StandingReceiptClaims['revoked'] {
  const own = [...state.revocations.values()].flatMap(({ kind, what }) => {
    const [iss, jti = ''] = what.split(' ');
    return kind === 'delegation' && iss === issuer && /^[A-Za-z0-9_-]{16,64}$/.test(jti) ? [jti] : [];
  });
  return own.slice(-MAX_STANDING.revoked).map((jti) => {
    const under = [...state.leases.values()].filter((lease) =>
      lease.links.some((link) => link.iss === issuer && link.jti === jti),
    );
    return { jti, until: Math.max(asOf, ...under.map((lease) => lease.end + lease.graceSeconds)) };
  });
}
