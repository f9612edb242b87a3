import { Refused } from '@/core/errors';
import { overlaps } from '@/core/time/span';
import { MAX_PROOF_BYTES, MAX_PROOF_TICKETS, PROOF_FORMAT, type RefusalProof } from '@/protocol/proof/schemas';
import { Bounded } from '@/protocol/statement/bounded';
import type { VerifiedTicket } from '@/protocol/statement/ticket';
import { claimOf } from './claim';
import { type LeaseRecord, ticketKey } from './node-state';
import { chargedLink, makeReceipt, type NodeSelf } from './redeem';

/** Refusals that a node can still show. */
const MAX_KEPT = 64;
/** No room on the node, or none left under a link: an issuer may have promised too much. */
const ROOM: ReadonlySet<string> = new Set(['NODE_FULL', 'EXCEEDS_PARENT']);

/** The node's last refusals for lack of room, each signed, with the tickets that hold the room. In memory: who asks does so at once. */
export class Refusals {
  private readonly kept = new Bounded<string, RefusalProof>(MAX_KEPT);

  constructor(private readonly self: () => NodeSelf) {}

  /**
   * The refusal of a ticket that holds, as the caller gets it: for lack of room with the id of the signed one. `exceeded`: the link that was
   * given less than would be leased under it. `outsider`: someone who is to see no more than his own link's tickets. `now`: epoch ms.
   */
  signed(
    err: unknown,
    ticket: VerifiedTicket,
    text: string,
    about: { exceeded: number; outsider: boolean; now: number },
  ) {
    if (!(err instanceof Refused) || !ROOM.has(err.code)) return err;
    const self = this.self();
    const { iss, jti, slice } = ticket.claims;
    const facts = { ...err.facts, ticket: jti };
    const refusal = makeReceipt(
      self,
      { kind: 'refused', slice, ticket: { iss, jti }, code: err.code, facts },
      about.now,
    );
    const last = ticket.chain.length - 1;
    const link = about.exceeded >= 0 ? about.exceeded : about.outsider ? last : 0;
    const { held, leftOut } = this.heldUnder(ticket, link);
    const node = { urn: self.urn, publicKey: self.key.jwk };
    this.kept.set(ticketKey({ iss, jti }), { format: PROOF_FORMAT, node, refusal, ticket: text, held, leftOut });
    return new Refused(err.code, facts, { cause: err });
  }

  /** Null when it is not known (any more). Only to the one who may present the ticket. */
  of(ticket: { iss: string; jti: string }): RefusalProof | null {
    return this.kept.get(ticketKey(ticket)) ?? null;
  }

  /** The tickets of the leases charged to the link's line while the wished one would be held, the largest first. */
  private heldUnder({ chain, claims }: VerifiedTicket, link: number): Pick<RefusalProof, 'held' | 'leftOut'> {
    const shown = chain[link];
    if (!shown) return { held: [], leftOut: 0 };
    const line = lineOf(chargedLink(shown));
    const span = claimOf(claims);
    const leases = [...this.self().state.leases.values()]
      .filter((lease) => overlaps(claimOf(lease), span) && lease.links.some((one) => lineOf(one) === line))
      .sort((a, b) => b.resources.memoryMiB - a.resources.memoryMiB);
    const held: string[] = [];
    let bytes = 0;
    for (const { ticketText } of leases) {
      if (ticketText === undefined || held.length === MAX_PROOF_TICKETS) continue;
      if (bytes + ticketText.length > MAX_PROOF_BYTES / 2) continue;
      bytes += ticketText.length;
      held.push(ticketText);
    }
    return { held, leftOut: leases.length - held.length };
  }
}

function lineOf({ iss, granteeJkt, line }: LeaseRecord['links'][number]): string {
  return `${iss}/${granteeJkt}/${line}`;
}
