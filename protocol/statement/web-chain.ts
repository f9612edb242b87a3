import { type Reason, Refused } from '@/core/errors';
import { payloadOf, splitCompact } from '@/core/statement/compact';
import { type ChainContext, type ChainLink, judgeChain } from '@/core/trust/chain';
import { type ClaimsOf, type DelegationClaims, type PublicJwk, STATEMENT_TYPES, type StatementType } from './schemas';
import { webDigest, webThumbprint, webVerify } from './web-verify';

/** A link as this browser found it. `claims` only once the signature holds; `reason` where it is the first that is broken. */
export type WebLink = {
  signature: 'holds' | 'broken' | 'not judged';
  rules: 'hold' | 'broken' | 'not judged';
  reason: Reason | null;
  claims: DelegationClaims | null;
};

/**
 * Verifies the links of a chain, root first, as a node would: signatures from the node's own key on, each link naming the very text before
 * it, then the rules of `judgeChain`. What comes after the first broken link is not judged. `now`: epoch ms.
 */
export async function webVerifyChain(
  texts: readonly string[],
  context: Omit<ChainContext, 'nodeJkt'> & { nodeJwk: PublicJwk },
): Promise<WebLink[]> {
  const found: WebLink[] = [];
  const links: ChainLink[] = [];
  const nodeJkt = await webThumbprint(context.nodeJwk);
  let signer: PublicJwk | null = context.nodeJwk;
  for (const [i, text] of texts.entries()) {
    if (!signer) {
      found.push({ signature: 'not judged', rules: 'not judged', reason: null, claims: null });
      continue;
    }
    let claims: DelegationClaims | null = null;
    try {
      claims = await webVerify('delegation+jwt', text, signer);
      const before = texts[i - 1];
      if (claims.parent !== (before === undefined ? undefined : await webDigest(before))) {
        const problem =
          i === 0 ? 'it begins in the middle: its parent is missing' : 'its parent is not the link before it';
        throw new Refused('CHAIN_BROKEN', { link: i + 1, problem });
      }
      const granteeJkt = await webThumbprint(claims.grantee);
      links.push({ ...claims, granteeJkt, line: claims.line ?? granteeJkt });
      judgeChain(links, { ...context, nodeJkt });
      found.push({ signature: 'holds', rules: 'hold', reason: null, claims });
      signer = claims.grantee;
    } catch (err) {
      if (!(err instanceof Refused)) throw err;
      const signature = claims ? 'holds' : 'broken';
      found.push({ signature, rules: claims ? 'broken' : 'not judged', reason: err.reason, claims });
      signer = null;
    }
  }
  return found;
}

/** A statement as somebody pasted it: its type and signer's thumbprint, unverified. Throws as `splitCompact`. */
export function readPasted(text: string): { type: StatementType; kid: string } {
  const refusals: unknown[] = [];
  for (const type of STATEMENT_TYPES) {
    try {
      return { type, kid: splitCompact(type, text).header.kid };
    } catch (err) {
      // Of another type, perhaps; what is no statement of any type is no statement.
      if (!(err instanceof Refused && err.code === 'WRONG_TYPE')) throw err;
      refusals.push(err);
    }
  }
  throw refusals[0];
}

/** The links that a pasted statement carries, root first, by its own word: a ticket's chain, a delegation itself. */
export function linksIn(type: StatementType, text: string): string[] {
  if (type === 'delegation+jwt') return [text];
  const { chain } = payloadOf(splitCompact(type, text));
  return Array.isArray(chain) ? chain.filter((one) => typeof one === 'string') : [];
}

export type AnyClaims = ClaimsOf[StatementType];
