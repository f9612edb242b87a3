import { type Reason, Refused } from '@/core/errors';
import { judgeWindow } from '@/core/trust/chain';
import { judgeNames } from '@/core/trust/names';
import { judgeTicket } from '@/core/trust/ticket';
import type { ClaimsOf, DelegationClaims, PublicJwk, StatementType, TicketClaims } from '@/protocol/statement/schemas';
import { linksIn, readPasted, webVerifyChain } from '@/protocol/statement/web-chain';
import { webThumbprint, webVerify } from '@/protocol/statement/web-verify';

/** Whose key a thumbprint is, as the deployment knows. */
export type KeyOwner = { publicKey: string; owner: string; kind: string; retired: boolean };

export type Pasted =
  | { verdict: 'refused'; type: StatementType | null; reason: Reason }
  | { verdict: 'unknown'; type: StatementType; kid: string }
  | {
      verdict: 'holds';
      type: StatementType;
      claims: ClaimsOf[StatementType];
      signer: KeyOwner;
      /** Signatures that were checked: the statement's own, and those of the chain that it carries. */
      signatures: number;
      /** What else is wrong with it: over, beyond its chain; the signature holds all the same. */
      rules: Reason | null;
    };

/**
 * Verifies whatever statement somebody pasted: its own signature, and for a ticket its chain from the node's key on. Keys come from
 * `lookup`, and count only where they are the thumbprint's. `now`: epoch ms.
 */
export async function verifyPasted(
  text: string,
  lookup: (jkt: string) => Promise<KeyOwner | null>,
  now: number,
): Promise<Pasted> {
  let type: StatementType | null = null;
  try {
    const read = readPasted(text);
    type = read.type;
    const signer = await lookup(read.kid);
    if (!signer) return { verdict: 'unknown', type, kid: read.kid };
    const claims = await webVerify(type, text, jwkOf(signer.publicKey));
    const chain = type === 'ticket+jwt' ? linksIn(type, text) : [];
    const rules = isTicket(type, claims)
      ? await judgePastedTicket(claims, chain, lookup, now)
      : 'exp' in claims
        ? reasonOf(() => judgeWindow((claims as DelegationClaims).nbf, (claims as DelegationClaims).exp, now))
        : null;
    return { verdict: 'holds', type, claims, signer, signatures: 1 + chain.length, rules };
  } catch (err) {
    if (err instanceof Refused) return { verdict: 'refused', type, reason: err.reason };
    throw err;
  }
}

/** The chain from the node's own key on, then the ticket below it, for the holder that it names. */
async function judgePastedTicket(
  claims: TicketClaims,
  chain: readonly string[],
  lookup: (jkt: string) => Promise<KeyOwner | null>,
  now: number,
): Promise<Reason | null> {
  const [root] = chain;
  const kid = root && readPasted(root).kid;
  const node = kid ? await lookup(kid) : null;
  if (node?.kind !== 'node') return { code: 'UNKNOWN_ISSUER', facts: { iss: kid ?? '' } };
  const nodeJwk = jwkOf(node.publicKey);
  const context = { nodeUrn: claims.aud, incarnation: null, now, revokedKeys: new Set<string>() };
  const links = await webVerifyChain(chain, { ...context, nodeJwk });
  const broken = links.find((link) => link.reason);
  if (broken) return broken.reason;
  const verified = await Promise.all(links.flatMap(({ claims: link }) => (link ? [toLink(link)] : [])));
  const nodeJkt = await webThumbprint(nodeJwk);
  return reasonOf(() => {
    judgeTicket(claims, verified, { ...context, nodeJkt, holderJkt: claims.cnf.jkt });
    judgeNames(claims, verified.at(-1)?.granteeUrn ?? '');
  });
}

async function toLink(claims: DelegationClaims) {
  const granteeJkt = await webThumbprint(claims.grantee);
  return { ...claims, granteeJkt, line: claims.line ?? granteeJkt };
}

function isTicket(type: StatementType, _claims: ClaimsOf[StatementType]): _claims is TicketClaims {
  return type === 'ticket+jwt'; // decoded by that type's schema
}

const jwkOf = (x: string): PublicJwk => ({ kty: 'OKP', crv: 'Ed25519', x });

function reasonOf(judge: () => void): Reason | null {
  try {
    judge();
    return null;
  } catch (err) {
    if (err instanceof Refused) return err.reason;
    throw err;
  }
}
