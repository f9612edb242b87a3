import { Refused } from '@/core/errors';
import { isoAt } from '@/core/time/span';
import type { CheckInput, CheckOutput } from '@/protocol/node-manager/check';
import type { Books } from './books';
import { claimOf, type Held } from './claim';
import type { NodeState } from './node-state';
import { judgeOffer, judgeOpen, type Offer } from './wish';

/**
 * What would become of a ticket of these contents for this holder (a key’s thumbprint) now (epoch ms), by the same rules in the same order as `makeLease`. Enters
 * nothing. A ticket's own matters (its signature, what its chain may pass on, whether it was spent) are not judged: there is none.
 */
export function checkWish(
  self: { urn: string; state: NodeState },
  books: Books,
  offer: Offer,
  input: CheckInput,
  holder: string,
  now: number,
): CheckOutput {
  const { resources, durationSeconds, graceSeconds, slice } = input;
  const start = input.start ?? Math.floor(now / 1000);
  const wish: Held = { resources, start, end: start + durationSeconds, graceSeconds };
  const at = isoAt(now);
  const never = refusalOf(() => {
    if (wish.end * 1000 <= now) throw new Refused('LEASE_OVER', { endedAt: isoAt(wish.end * 1000) });
    judgeOpen(self, offer, slice);
    judgeOffer(offer, wish);
  });
  if (never) return { at, fits: false, reason: never.reason, earliest: null, room: null };
  const span = claimOf(wish);
  const alone = slice === undefined ? null : refusalOf(() => books.judgeAlone(slice, holder, wish));
  const full = alone ?? refusalOf(() => books.judgeRoom(wish));
  const room = alone ? null : books.roomIn(span);
  if (!full) return { at, fits: true, reason: null, earliest: isoAt(span.start), room };
  const from = Math.max(start, Math.floor(now / 1000)); // nobody can begin before now
  const earliest = books.earliest({ ...wish, start: from, end: from + durationSeconds }, slice, holder);
  return { at, fits: false, reason: full.reason, earliest: earliest === null ? null : isoAt(earliest), room };
}

function refusalOf(judge: () => void): Refused | null {
  try {
    judge();
    return null;
  } catch (err) {
    if (err instanceof Refused) return err;
    throw err;
  }
}
