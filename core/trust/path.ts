import { type Reason, Refused } from '../errors';
import { firstShort, type HardAmounts, oversubscribed, subtract, times } from '../resources/vector';
import { MAX_CHAIN_LINKS } from '../statement/bounds';
import { isoAt } from '../time/span';
import { type ChainContext, type ChainLink, judgeChain, judgeKey, judgeRights, judgeTerm } from './chain';

/** A link of the node in question, whose signature holds, with what is already promised or leased under it over the time asked for. */
export type PathLink = ChainLink & { id: string; parentId: string | null; claimed: HardAmounts };

/** "May this key issue so many tickets for slivers of these amounts?" Lease term [start, end), grace included; epoch seconds. */
export type PathWish = { issuerJkt: string; slivers: number; amounts: HardAmounts; start: number; end: number };

/** As of judging a chain, with the links that were taken back, as `iss/jti`. */
export type PathContext = ChainContext & { revokedLinks: ReadonlySet<string> };

/** One link and what is said of it; after the first that is broken nothing more is judged. `free` may be below zero. */
export type PathStep<L extends PathLink> = {
  link: L;
  verdict: 'holds' | 'broken' | 'not judged';
  reason: Reason | null;
  free: HardAmounts;
};

export type PathAnswer<L extends PathLink> = {
  may: boolean;
  /** Root first; empty where no delegation leads to the key. */
  path: PathStep<L>[];
  /** Why not. */
  reason: Reason | null;
  /** Paths that lead to the key and say the same otherwise: looked at, and not the one shown. */
  others: number;
};

/**
 * May the key issue the tickets, by the rules by which an agent issues and a node takes them: each link's signer, node, incarnation,
 * keys, window and narrowing; not taken back; amounts and term inside; and room beside what is claimed under it already. Of several paths
 * one that holds is shown (the one that ends last); else the one that comes nearest: with the fewest links from its first broken one on.
 * Pure; says nothing of the node's own room, nor of an agent's policy.
 */
export function pathTo<L extends PathLink>(links: readonly L[], wish: PathWish, context: PathContext): PathAnswer<L> {
  const no = (code: Reason['code'], facts: Reason['facts']): PathAnswer<L> => {
    return { may: false, path: [], reason: { code, facts }, others: 0 };
  };
  if (wish.end * 1000 <= context.now) return no('LEASE_OVER', { endedAt: isoAt(wish.end * 1000) });
  const byId = new Map(links.map((link) => [link.id, link]));
  const judged = links
    .filter((link) => link.granteeJkt === wish.issuerJkt)
    .map((leaf) => judgePath(chainTo(leaf, byId), wish, context))
    .sort((a, b) => remaining(a) - remaining(b) || ends(b) - ends(a) || (idOf(a) < idOf(b) ? -1 : 1));
  const best = judged[0];
  if (!best) return no('NOT_DELEGATED', { node: context.nodeUrn });
  const reason = best.find((step) => step.reason)?.reason ?? null;
  return { may: reason === null, path: best, reason, others: judged.length - 1 };
}

/** The links up to this one, root first; one more than the bound at most, so that a loop ends and is refused for its length. */
function chainTo<L extends PathLink>(leaf: L, byId: ReadonlyMap<string, L>): L[] {
  const chain: L[] = [];
  for (let link: L | undefined = leaf; link && chain.length <= MAX_CHAIN_LINKS; ) {
    chain.unshift(link);
    link = link.parentId === null ? undefined : byId.get(link.parentId);
  }
  return chain;
}

/** Judges a chain link by link, up to its first broken one. */
export function judgePath<L extends PathLink>(
  chain: readonly L[],
  wish: PathWish,
  context: PathContext,
): PathStep<L>[] {
  let broken = false;
  return chain.map((link, i) => {
    const free = subtract(oversubscribed(link.rights, link.degreeMilli), link.claimed);
    if (broken) return { link, verdict: 'not judged', reason: null, free };
    const reason = reasonOf(() => judgeStep(chain, i, free, wish, context));
    broken = reason !== null;
    return { link, verdict: broken ? 'broken' : 'holds', reason, free };
  });
}

function judgeStep(
  chain: readonly PathLink[],
  i: number,
  free: HardAmounts,
  wish: PathWish,
  context: PathContext,
): void {
  const link = chain[i];
  if (!link) throw new Refused('STATEMENT_MALFORMED', { problem: 'a chain without a link' });
  if (chain.length > MAX_CHAIN_LINKS)
    throw new Refused('CHAIN_TOO_DEEP', { depth: chain.length, max: MAX_CHAIN_LINKS });
  // Its parent is not among the links: deleted, or never known here.
  if (i === 0 && link.parentId !== null) throw new Refused('UNKNOWN_ISSUER', { iss: link.iss });
  if (context.revokedLinks.has(linkKey(link))) throw new Refused('REVOKED', { kind: 'delegation', id: link.jti });
  judgeChain(chain.slice(0, i + 1), context);
  if (i === chain.length - 1) judgeKey(wish.issuerJkt, context.revokedKeys);
  judgeTerm('lease term', wish.start, wish.end, link);
  judgeRights(wish.amounts, link.rights);
  const wants = times(wish.amounts, wish.slivers);
  const short = firstShort(wants, free);
  if (short) {
    throw new Refused('DELEGATION_SPENT', {
      node: link.node,
      resource: short,
      wants: wants[short],
      free: Math.max(0, free[short]),
      degreeMilli: link.degreeMilli,
    });
  }
}

/** How revocations name a link. */
export function linkKey(link: { iss: string; jti: string }): string {
  return `${link.iss}/${link.jti}`;
}

function reasonOf(judge: () => void): Reason | null {
  try {
    judge();
    return null;
  } catch (err) {
    if (err instanceof Refused) return err.reason;
    throw err;
  }
}

/** How much of it does not hold; a path whose beginning is missing is farther than any other. */
function remaining(path: readonly PathStep<PathLink>[]): number {
  const left = path.filter((step) => step.verdict !== 'holds').length;
  return path[0]?.link.parentId === null ? left : left + 2 * MAX_CHAIN_LINKS;
}
const ends = (path: readonly PathStep<PathLink>[]) => path.at(-1)?.link.exp ?? 0;
const idOf = (path: readonly PathStep<PathLink>[]) => path.at(-1)?.link.id ?? '';
