import { hash } from 'node:crypto';
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
 * Verifies a delegation, the last of its chain, with its parents back to the very node's own key, and judges it. The chain is root
 * first. Throws what `verifyChain` and `judgeChain` throw, and `WRONG_HOLDER` when it is another's.
 */
export function verifyDelegation(
  texts: readonly string[],
  context: DelegationContext,
): { claims: DelegationClaims; chain: VerifiedLink[] } {
  const chain = verifyChain(texts, context.nodeJwk);
  judgeChain(chain, { ...context, nodeJkt: verifyKeyFromJwk(context.nodeJwk).jkt });
  const last = lastOf(chain);
  if (context.granteeJkt !== undefined && last.granteeJkt !== context.granteeJkt) {
    throw new Refused('WRONG_HOLDER', { expected: context.granteeJkt, got: last.granteeJkt });
  }
  return { claims: last.claims, chain };
}

/**
 * The links of a chain, root first, every signature checked: the root's under the node's own key, each other's under the grantee key
 * of the one before, whose very text it names. Rules of time and rights are `judgeChain`'s. Throws `CHAIN_TOO_DEEP`, `CHAIN_BROKEN`, and
 * what `verifyStatement` throws.
 */
export function verifyChain(texts: readonly string[], nodeJwk: PublicJwk): VerifiedLink[] {
  return verifyLinks(openChain(texts), nodeJwk);
}

/** As `verifyChain`, of links that were decoded already. */
export function verifyLinks(links: readonly SeenLink[], nodeJwk: PublicJwk): VerifiedLink[] {
  let signer = nodeJwk;
  return links.map((link) => {
    const verified = verifyLink(link, signer);
    signer = verified.claims.grantee;
    return verified;
  });
}

/**
 * Checks the signatures of decoded links on libuv's threads, all at once, each under the key that the link before it names: `verifyLinks`
 * then needs not wait for them. Says nothing of whether they hold.
 */
export async function proveLinks(links: readonly SeenLink[], nodeJwk: PublicJwk): Promise<void> {
  await Promise.all(
    links.map(async (link, i) => {
      const signer = links[i - 1]?.open.unverified.claims.grantee ?? nodeJwk;
      if (link.held?.signer !== signer.x) await heldOrNot(link.open.verifyAsync(signer));
    }),
  );
}

/** Resolves whether it holds or not; what is no refusal is thrown. */
export async function heldOrNot(proof: Promise<unknown>): Promise<void> {
  try {
    await proof;
  } catch (err) {
    if (!(err instanceof Refused)) throw err;
  }
}

/** The links as decoded, each naming the text of the one before; no signature was looked at. */
export function openChain(texts: readonly string[]): SeenLink[] {
  if (texts.length > MAX_CHAIN_LINKS)
    throw new Refused('CHAIN_TOO_DEEP', { depth: texts.length, max: MAX_CHAIN_LINKS });
  let before: SeenLink | null = null;
  return texts.map((text, i) => {
    const link = seenLink(text);
    if (link.open.unverified.claims.parent !== before?.hash) throw broken(i + 1, before === null);
    before = link;
    return link;
  });
}

/** Throws for a chain without a link. */
export function lastOf(chain: readonly VerifiedLink[]): VerifiedLink {
  const last = chain[chain.length - 1];
  if (!last) throw new Refused('STATEMENT_MALFORMED', { problem: 'a chain without a link' });
  return last;
}

/** What a child names as its parent: base64url SHA-256 of the parent's compact text. */
export function parentHash(text: string): string {
  return hash('sha256', text, 'base64url');
}

function broken(link: number, first: boolean): Refused {
  const problem = first ? 'it begins in the middle: its parent is missing' : 'its parent is not the link before it';
  return new Refused('CHAIN_BROKEN', { link, problem });
}

/** A delegation as decoded, and the key under which its signature was seen to hold. */
export type SeenLink = {
  text: string;
  hash: string;
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
  const link: SeenLink = {
    text,
    hash: parentHash(text),
    open: openStatement('delegation+jwt', text),
    held: null,
  };
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
    line: claims.line ?? granteeJkt,
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
