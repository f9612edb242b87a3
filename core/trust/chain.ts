import { Refused } from '../errors';
import { firstShort, type HardAmounts } from '../resources/vector';
import { MAX_CHAIN_LINKS, SKEW_SECONDS } from '../statement/bounds';
import { isoAt, spanFromSeconds, withinSkew } from '../time/span';

/** A delegation whose signature holds, with its grantee's thumbprint. Times are epoch seconds, spans [nbf, exp). */
export type ChainLink = {
  iss: string;
  jti: string;
  node: string;
  granteeJkt: string;
  /** Delegations from one issuer to one grantee that take each other's place: renewed, narrowed, widened. They share a book. */
  line: string;
  rights: HardAmounts;
  degreeMilli: number;
  incarnation: string;
  nbf: number;
  exp: number;
};

/** What a chain is judged against. */
export type ChainContext = {
  /** The node whose resources are in question, and its own key: where every chain starts. */
  nodeUrn: string;
  nodeJkt: string;
  /** The node's present incarnation; null where it is not known (then the links need only agree). */
  incarnation: string | null;
  /** Epoch milliseconds. */
  now: number;
  /** Thumbprints of keys that no longer count, as issuer, grantee or holder. */
  revokedKeys: ReadonlySet<string>;
};

/**
 * Judges a chain of delegations, root first. It starts at the very node's own key; each link is signed by the one
 * before's grantee, is of this node and incarnation, valid now within the skew, and narrows the one before: rights
 * and degree no greater, term inside. No key stands in it twice: a chain that comes back to where it was only hides who
 * answers for it.
 *
 * The degree narrows too. A link's leases may reach rights × degree; with neither factor greater than its parent's,
 * what a link may hand out is never more than what its parent might have, whatever the node's books say.
 *
 * Throws `UNKNOWN_ISSUER`, `CHAIN_TOO_DEEP`, `WRONG_NODE`, `WRONG_INCARNATION`, `CHAIN_BROKEN`, `REVOKED`,
 * `NOT_YET_VALID`, `EXPIRED`, `EXCEEDS_PARENT`.
 */
export function judgeChain(chain: readonly ChainLink[], context: ChainContext): void {
  if (chain.length === 0) throw new Refused('STATEMENT_MALFORMED', { problem: 'a chain without a link' });
  if (chain.length > MAX_CHAIN_LINKS)
    throw new Refused('CHAIN_TOO_DEEP', { depth: chain.length, max: MAX_CHAIN_LINKS });
  let signer = context.nodeJkt;
  let parent: ChainLink | null = null;
  const passed = new Set([signer]);
  for (const [i, link] of chain.entries()) {
    if (link.iss !== signer) throw new Refused('UNKNOWN_ISSUER', { iss: link.iss });
    if (passed.has(link.granteeJkt))
      throw new Refused('CHAIN_BROKEN', { link: i + 1, problem: 'it passes on to a key that passed it on before' });
    passed.add(link.granteeJkt);
    if (link.node !== context.nodeUrn) throw new Refused('WRONG_NODE', { expected: context.nodeUrn, got: link.node });
    judgeIncarnation(link.incarnation, context.incarnation ?? chain[0]?.incarnation ?? null);
    judgeKey(link.iss, context.revokedKeys);
    judgeKey(link.granteeJkt, context.revokedKeys);
    if (link.nbf >= link.exp)
      throw new Refused('STATEMENT_MALFORMED', { problem: 'a delegation that ends before it starts' });
    judgeWindow(link.nbf, link.exp, context.now);
    if (parent) judgeNarrowing(link, parent);
    parent = link;
    signer = link.granteeJkt;
  }
}

type Amounts = Pick<ChainLink, 'rights' | 'degreeMilli' | 'nbf' | 'exp'>;

/** Throws unless the child's rights, degree and term lie inside the parent's. */
export function judgeNarrowing(child: Amounts, parent: Amounts): void {
  judgeRights(child.rights, parent.rights);
  if (child.degreeMilli > parent.degreeMilli) {
    throw new Refused('EXCEEDS_PARENT', { what: 'degreeMilli', child: child.degreeMilli, parent: parent.degreeMilli });
  }
  judgeTerm('term', child.nbf, child.exp, parent);
}

/** Throws `EXCEEDS_PARENT` naming the first hard amount of which the child has more. */
export function judgeRights(child: HardAmounts, parent: HardAmounts): void {
  const short = firstShort(child, parent);
  if (short) throw new Refused('EXCEEDS_PARENT', { what: short, child: child[short], parent: parent[short] });
}

/** Throws `EXCEEDS_PARENT` unless [start, end) in epoch seconds lies inside the parent's [nbf, exp). */
export function judgeTerm(what: string, start: number, end: number, parent: Pick<ChainLink, 'nbf' | 'exp'>): void {
  const excess = (edge: string, child: number, limit: number) =>
    new Refused('EXCEEDS_PARENT', { what: `${what} ${edge}`, child: isoAt(child * 1000), parent: isoAt(limit * 1000) });
  if (start < parent.nbf) throw excess('start', start, parent.nbf);
  if (end > parent.exp) throw excess('end', end, parent.exp);
}

/**
 * Throws `NOT_YET_VALID` or `EXPIRED` unless now (epoch ms) is in [nbf, exp) (epoch seconds), 300 s of skew forgiven
 * and no more.
 */
export function judgeWindow(nbf: number, exp: number, now: number): void {
  const window = spanFromSeconds(nbf, exp);
  if (withinSkew(window, now, SKEW_SECONDS * 1000)) return;
  if (now < window.start) {
    throw new Refused('NOT_YET_VALID', { notBefore: isoAt(window.start), now: isoAt(now), skewSeconds: SKEW_SECONDS });
  }
  throw new Refused('EXPIRED', { expiredAt: isoAt(window.end), now: isoAt(now), skewSeconds: SKEW_SECONDS });
}

/** Throws `REVOKED` for a key that no longer counts. */
export function judgeKey(jkt: string, revokedKeys: ReadonlySet<string>): void {
  if (revokedKeys.has(jkt)) throw new Refused('REVOKED', { kind: 'key', id: jkt });
}

/** Throws `WRONG_INCARNATION` for a statement of before the node lost its journal. */
export function judgeIncarnation(got: string, expected: string | null): void {
  if (expected !== null && got !== expected) throw new Refused('WRONG_INCARNATION', { expected, got });
}
