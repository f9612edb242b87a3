import { SKEW_SECONDS } from '../statement/bounds';
import type { Issued } from './issued';

/** What a node's receipt says of one issuer's statements. Times: epoch seconds. */
export type Word =
  /** A ticket that holds nothing, for ever: its lease was released or lapsed, or it was burnt unredeemed. */
  | { kind: 'over'; jti: string }
  /** Of all its tickets, as of a time: see StandingReceiptClaims. `live`: the last eight characters of their ids. */
  | {
      kind: 'standing';
      asOf: number;
      live: ReadonlySet<string>;
      ended: ReadonlySet<string>;
      /** Delegations that were taken back, by id: until when something may still be held under each. */
      revoked: ReadonlyMap<string, number>;
    }
  /** A delegation under which nothing is held from `until` on. */
  | { kind: 'revoked'; jti: string; until: number };

/** How a standing names a live ticket. */
export function tailOf(jti: string): string {
  return jti.slice(-8);
}

/** Until when it may be held, once the words are believed: its `start` when it never may again. */
export function endAfter(words: readonly Word[], one: Issued): number {
  let { end } = one;
  for (const word of words) end = Math.min(end, endByWord(word, one));
  return Math.max(one.start, end);
}

function endByWord(word: Word, one: Issued): number {
  if (one.kind === 'delegation') {
    if (word.kind === 'standing') return word.revoked.get(one.jti) ?? one.end;
    return word.kind === 'revoked' && word.jti === one.jti ? word.until : one.end;
  }
  if (word.kind === 'over') return word.jti === one.jti ? one.start : one.end;
  if (word.kind === 'revoked') return one.end;
  const windowOver = one.exp + SKEW_SECONDS <= word.asOf;
  const over = (windowOver && !word.live.has(tailOf(one.jti))) || word.ended.has(one.jti);
  return over ? one.start : one.end;
}
