import { randomBytes } from 'node:crypto';
import { Refused } from '@/core/errors';
import type { HardAmounts } from '@/core/resources/vector';
import { judgePassOn } from '@/core/trust/pass-on';
import { parentHash } from './delegation';
import { thumbprint } from './keys';
import type { DelegationClaims, PublicJwk } from './schemas';
import { type SigningKey, signStatement } from './sign';
import { decodeUnverified } from './verify';

/** To whom what part goes. `line`: of the delegation whose place this takes, when it does; else it begins one. Term [nbf, exp) in epoch seconds. */
export type ChildTerms = {
  grantee: PublicJwk;
  granteeUrn: string;
  rights: HardAmounts;
  degreeMilli: number;
  nbf: number;
  exp: number;
  line?: string;
};

/**
 * Signs a delegation under another one, whose chain (texts, root first) the signer holds and verified when it came in. Throws what
 * `judgePassOn` throws, `WRONG_HOLDER` when the last link is not to the signing key, and what `signStatement` throws.
 */
export function signChild(
  chain: readonly string[],
  terms: ChildTerms,
  key: SigningKey,
): { claims: DelegationClaims; text: string } {
  const above = chain.map((text) => decodeUnverified('delegation+jwt', text).claims);
  const links = above.map((claims) => ({ ...claims, granteeJkt: thumbprint(claims.grantee) }));
  const [parent, text] = [links.at(-1), chain.at(-1)];
  if (!parent || text === undefined) throw new Refused('STATEMENT_MALFORMED', { problem: 'a chain without a link' });
  if (parent.granteeJkt !== key.jkt) throw new Refused('WRONG_HOLDER', { expected: parent.granteeJkt, got: key.jkt });
  const { line, ...rest } = terms;
  judgePassOn(links, { ...rest, granteeJkt: thumbprint(terms.grantee) });
  const jti = randomBytes(16).toString('base64url');
  const { node, incarnation } = parent;
  const claims = { iss: key.jkt, jti, node, ...rest, incarnation, parent: parentHash(text), line: line ?? jti };
  return { claims, text: signStatement('delegation+jwt', claims, key) };
}
