import { createHash } from 'node:crypto';
import { Refused } from '@/core/errors';
import { MAX_CHAIN_LINKS } from '@/core/statement/bounds';
import { type ChainContext, type ChainLink, judgeChain } from '@/core/trust/chain';
import { Bounded } from './bounded';
import { verifyKeyFromJwk } from './keys';
import type { DelegationClaims, PublicJwk } from './schemas';
import { decodeUnverified, verifyStatement } from './verify';

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
  const texts: string[] = [];
  for (let next: string | undefined = text; next !== undefined; ) {
    texts.push(next);
    if (texts.length > MAX_CHAIN_LINKS)
      throw new Refused('CHAIN_TOO_DEEP', { depth: texts.length, max: MAX_CHAIN_LINKS });
    next = parentOf(next);
  }
  const chain: VerifiedLink[] = [];
  let signer = nodeJwk;
  for (const link of texts.reverse()) {
    const verified = verifyLink(link, signer);
    chain.push(verified);
    signer = verified.claims.grantee;
  }
  return chain;
}

/**
 * Links that held, by digest of text and signer: nodes see the same few again and again. Time and revocation are
 * judged anew each time.
 */
const held = new Bounded<string, VerifiedLink>(512);

function verifyLink(text: string, signer: PublicJwk): VerifiedLink {
  const id = digest(text, signer.x);
  const known = held.get(id);
  if (known) return known;
  const claims = verifyStatement('delegation+jwt', text, signer);
  const { iss, jti, node, rights, degreeMilli, incarnation, nbf, exp } = claims;
  const granteeJkt = verifyKeyFromJwk(claims.grantee).jkt;
  const link = { iss, jti, node, granteeJkt, rights, degreeMilli, incarnation, nbf, exp, claims, text };
  Object.freeze(rights);
  Object.freeze(claims);
  held.set(id, Object.freeze(link));
  return link;
}

const parents = new Bounded<string, { parent: string | undefined }>(512);

function parentOf(text: string): string | undefined {
  const id = digest(text, '');
  const known = parents.get(id);
  if (known) return known.parent;
  const { parent } = decodeUnverified('delegation+jwt', text).claims;
  parents.set(id, { parent });
  return parent;
}

function digest(text: string, signer: string): string {
  return createHash('sha256').update(signer).update(' ').update(text).digest('base64');
}
