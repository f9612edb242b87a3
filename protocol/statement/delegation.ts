import { Refused } from '@/core/errors';
import { MAX_CHAIN_LINKS } from '@/core/statement/bounds';
import { type ChainContext, type ChainLink, judgeChain } from '@/core/trust/chain';
import { Bounded } from './bounded';
import { verifyKeyFromJwk } from './keys';
import type { DelegationClaims, PublicJwk } from './schemas';
import { type OpenStatement, openStatement } from './verify';

/** A delegation whose signature holds, as a link of a chain. */
export type VerifiedLink = ChainLink & { claims: DelegationClaims; text: string };

/** What a chain's signatures and rules are checked against. `now`: epoch milliseconds. */
export type DelegationContext = Omit<ChainContext, 'nodeJkt'> & {
  nodeJwk: PublicJwk;
  /** When given, the last link must be to this key. */
  granteeJkt?: string;
};

/**
 * Verifies a delegation with its parents back to the very node's own key, and judges it. The chain is root first.
 * Throws what `verifyStatement` and `judgeChain` throw, and `WRONG_HOLDER` when it is another's.
 */
export function verifyDelegation(
  text: string,
  context: DelegationContext,
): { claims: DelegationClaims; chain: VerifiedLink[] } {
  const chain = verifyChain(text, context.nodeJwk);
  judgeChain(chain, { ...context, nodeJkt: verifyKeyFromJwk(context.nodeJwk).jkt });
  const last = chain[chain.length - 1];
  if (!last) throw new Refused('STATEMENT_MALFORMED', { problem: 'a chain without a link' });
  if (context.granteeJkt !== undefined && last.granteeJkt !== context.granteeJkt) {
    throw new Refused('WRONG_HOLDER', { expected: context.granteeJkt, got: last.granteeJkt });
  }
  return { claims: last.claims, chain };
}

/**
 * The chain that ends in this delegation, root first, every signature checked: the root's under the node's own key,
 * each other's under the grantee key of the one before. Rules of time and rights are `judgeChain`'s. Unwinding reads
 * unverified parents, bounded in size and number, only to find where the chain starts.
 */
export function verifyChain(text: string, nodeJwk: PublicJwk): VerifiedLink[] {
  const links: SeenLink[] = [];
  for (let next: string | undefined = text; next !== undefined; ) {
    if (links.length === MAX_CHAIN_LINKS) {
      throw new Refused('CHAIN_TOO_DEEP', { depth: MAX_CHAIN_LINKS + 1, max: MAX_CHAIN_LINKS });
    }
    const link = seenLink(next);
    links.push(link);
    next = link.open.unverified.claims.parent;
  }
  const chain: VerifiedLink[] = [];
  let signer = nodeJwk;
  for (const link of links.reverse()) {
    const verified = verifyLink(link, signer);
    chain.push(verified);
    signer = verified.claims.grantee;
  }
  return chain;
}

/** A delegation as decoded, and the key under which its signature was seen to hold. */
type SeenLink = {
  text: string;
  open: OpenStatement<'delegation+jwt'>;
  held: { signer: string; link: VerifiedLink } | null;
};

/**
 * Delegations by their whole text: a node sees the same few again and again. Only decoding and the signature are
 * remembered; time, revocation, incarnation and rights are judged anew each time.
 */
const seen = new Bounded<string, SeenLink>(256);

function seenLink(text: string): SeenLink {
  const known = seen.get(text);
  if (known) return known;
  const link: SeenLink = { text, open: openStatement('delegation+jwt', text), held: null };
  seen.set(text, link);
  return link;
}

function verifyLink(seenLink: SeenLink, signer: PublicJwk): VerifiedLink {
  if (seenLink.held?.signer === signer.x) return seenLink.held.link;
  const claims = seenLink.open.verify(signer);
  const { iss, jti, node, rights, degreeMilli, incarnation, nbf, exp } = claims;
  const granteeJkt = verifyKeyFromJwk(claims.grantee).jkt;
  Object.freeze(claims.grantee);
  Object.freeze(rights);
  Object.freeze(claims);
  const link = Object.freeze({
    iss,
    jti,
    node,
    granteeJkt,
    rights,
    degreeMilli,
    incarnation,
    nbf,
    exp,
    claims,
    text: seenLink.text,
  });
  seenLink.held = { signer: signer.x, link };
  return link;
}
