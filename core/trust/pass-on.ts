import { Refused } from '../errors';
import type { HardAmounts } from '../resources/vector';
import { MAX_CHAIN_LINKS } from '../statement/bounds';
import { type ChainLink, judgeNarrowing } from './chain';

/** Part of a delegation, for another key. `degreeMilli`: oversubscription in thousandths. Term [nbf, exp) in epoch seconds. */
export type Part = { granteeJkt: string; rights: HardAmounts; degreeMilli: number; nbf: number; exp: number };

/** What passing on needs to know of the links above, root first. */
export type LinkAbove = Pick<ChainLink, 'iss' | 'granteeJkt' | 'rights' | 'degreeMilli' | 'nbf' | 'exp'>;

/**
 * May the holder of this chain pass the part on? Rights, degree and term lie inside the last link's, the chain stays short enough, and the
 * grantee does not stand in it yet. Of how much was passed on already it says nothing: that is the issuer's book. Pure. Throws `CHAIN_TOO_DEEP`,
 * `CHAIN_BROKEN`, `STATEMENT_MALFORMED` (an empty term), `EXCEEDS_PARENT`.
 */
export function judgePassOn(chain: readonly LinkAbove[], part: Part): void {
  const parent = chain.at(-1);
  if (!parent) throw new Refused('STATEMENT_MALFORMED', { problem: 'a chain without a link' });
  const depth = chain.length + 1;
  if (depth > MAX_CHAIN_LINKS) throw new Refused('CHAIN_TOO_DEEP', { depth, max: MAX_CHAIN_LINKS });
  if (chain.some((link) => link.iss === part.granteeJkt || link.granteeJkt === part.granteeJkt))
    throw new Refused('CHAIN_BROKEN', { link: depth, problem: 'it passes on to a key that passed it on before' });
  if (part.nbf >= part.exp)
    throw new Refused('STATEMENT_MALFORMED', { problem: 'a delegation that ends before it starts' });
  judgeNarrowing(part, parent);
}

/** That many thousandths of the amounts, rounded down. */
export function shareOf(rights: HardAmounts, shareMilli: number): HardAmounts {
  const part = (n: number) => Math.floor((n * shareMilli) / 1000);
  return {
    cpuMilli: part(rights.cpuMilli),
    memoryMiB: part(rights.memoryMiB),
    diskMiB: part(rights.diskMiB),
    networkKbps: part(rights.networkKbps),
  };
}
