import { Refused } from '@/core/errors';
import type { NodeManagerService } from '@/protocol/node-manager/router';
import { type OpenStatement, openStatement } from '@/protocol/statement/verify';
import type { Peer } from '@/protocol/trpc';
import type { Guards } from './guards';

/** So many tickets of one call count as much as a call each: to check their signatures takes longer than all else. */
const TICKETS_PER_CALL = 4;

type Ticket = OpenStatement<'ticket+jwt'>;
type Redeem = (
  peer: Peer,
  input: { ticket: string },
  signal: undefined,
  known: Ticket | null,
) => ReturnType<NodeManagerService['redeem']>;

/**
 * Each ticket is redeemed as by itself, in its turn; one that is refused holds up no other. Durable, all of them, when it answers. Their
 * signatures are checked beside each other, on all cores, before the first has its turn.
 */
export function redeemAllService(
  guard: Guards,
  redeem: Redeem,
  prove: (ticket: Ticket) => Promise<void>,
): Pick<NodeManagerService, 'redeemAll'> {
  return {
    async redeemAll(peer, { tickets }) {
      guard.asHolder(peer, tickets.length / TICKETS_PER_CALL);
      const known = tickets.map(opened);
      await Promise.all(known.map((ticket) => ticket && prove(ticket)));
      const results = await Promise.all(
        tickets.map((ticket, i) =>
          redeem(peer, { ticket }, undefined, known[i] ?? null).then(
            (redeemed) => ({ redeemed }),
            (err: unknown) => {
              if (err instanceof Refused) return { refused: err.reason };
              throw err;
            },
          ),
        ),
      );
      return { results };
    },
  };
}

/** Null for a text that is no ticket: its own turn says so. */
function opened(text: string): Ticket | null {
  try {
    return openStatement('ticket+jwt', text);
  } catch (err) {
    if (err instanceof Refused) return null;
    throw err;
  }
}
