import { Refused } from '@/core/errors';
import { sentence } from '@/core/refusal-sentence';
import { type StatementHeader, splitCompact } from '@/core/statement/compact';
import { judgeTicket } from '@/core/trust/ticket';
import { type VerifiedLink, verifyChain } from './delegation';
import { jwkFromRaw, thumbprint, verifyKeyFromJwk } from './keys';
import { type ClaimsOf, type PublicJwk, STATEMENT_TYPES, type StatementType } from './schemas';
import { openStatement } from './verify';

/** What was found of one thing that can be checked. `unknown`: it could not be, and why. */
export type Finding = { verdict: 'holds' | 'fails' | 'unknown'; words: string };
type Statement = { [T in StatementType]: { type: T; claims: ClaimsOf[T] } }[StatementType];
export type Inspection = Statement & {
  header: StatementHeader;
  characters: number;
  signature: Finding;
  /** Of a ticket: the delegations that it carries, root first. */
  chain: { claims: ClaimsOf['delegation+jwt']; signature: Finding }[];
  /** Of a ticket: whether its chain and itself keep every rule, as of when it may first be redeemed. */
  rules: Finding | null;
};

const holds = (words: string): Finding => ({ verdict: 'holds', words });
const unknown = (words: string): Finding => ({ verdict: 'unknown', words });
const fails = (words: string): Finding => ({ verdict: 'fails', words });

/**
 * Decodes any statement strictly and checks of it what can be checked. `nodeKey`: the public key of the node (base64url, as its
 * enrolment shows it) that the reader trusts, or that key's thumbprint. @throws Refused what is wrong with the text itself
 */
export function inspectStatement(text: string, nodeKey: string | null, now: number): Inspection {
  const type = typeOf(text);
  const { header } = splitCompact(type, text);
  const shared = { header, characters: text.length };
  if (type !== 'ticket+jwt') {
    const open = openStatement(type, text);
    const { claims } = open.unverified;
    const signature = underNodeKey(header.kid, nodeKey, now, (key) => open.verify(key));
    return { ...shared, type, claims, signature, chain: [], rules: null } as Inspection; // the type and its claims go together
  }
  const ticket = openStatement(type, text);
  const { claims } = ticket.unverified;
  const links = claims.chain.map((link) => openStatement('delegation+jwt', link));
  const chain = links.map((link, i) => {
    const by = links[i - 1]?.unverified.claims.grantee;
    const { kid, claims } = link.unverified;
    const verify = (key: PublicJwk) => link.verify(key);
    const signature = by ? under(by, `link ${i} passes on to`, now, verify) : underNodeKey(kid, nodeKey, now, verify);
    return { claims, signature };
  });
  const grantee = links.at(-1)?.unverified.claims.grantee;
  const signature = grantee
    ? under(grantee, `link ${links.length} passes on to`, now, (key) => ticket.verify(key))
    : unknown('the ticket carries no chain');
  return { ...shared, type, claims, signature, chain, rules: rulesOf(claims, nodeKey, now) };
}

/** @throws Refused STATEMENT_MALFORMED, STATEMENT_TOO_LARGE, WRONG_TYPE for a type that nobody here signs */
function typeOf(text: string): StatementType {
  try {
    splitCompact('ticket+jwt', text);
    return 'ticket+jwt';
  } catch (err) {
    if (!(err instanceof Refused) || err.code !== 'WRONG_TYPE') throw err;
    const type = STATEMENT_TYPES.find((one) => one === err.facts.got);
    if (type) return type;
    throw new Refused('WRONG_TYPE', { expected: STATEMENT_TYPES.join(', '), got: err.facts.got ?? '' });
  }
}

function under(key: PublicJwk, whose: string, now: number, verify: (key: PublicJwk) => unknown): Finding {
  const failed = refusalOf(() => verify(key), now);
  return failed ? fails(failed) : holds(`holds under the key that ${whose}`);
}

function underNodeKey(kid: string, nodeKey: string | null, now: number, verify: (key: PublicJwk) => unknown): Finding {
  if (nodeKey === null)
    return unknown(`signed, it says, by key ${kid}; without --node-key nobody can say that this is the node’s`);
  if (nodeKey === kid)
    return unknown('names the key of that thumbprint; give the public key itself to check the signature');
  const key = jwkFromRaw(nodeKey);
  const malformed = refusalOf(() => verifyKeyFromJwk(key), now);
  if (malformed) return fails(malformed);
  if (thumbprint(key) !== kid) return fails(`signed by key ${kid}, not by the one that you trust`);
  const failed = refusalOf(() => verify(key), now);
  return failed ? fails(failed) : holds('holds under the node’s key that you trust');
}

/** Every rule of a chain and its ticket. Where the node's key is not known, as if the key that the root names were it. */
function rulesOf(claims: ClaimsOf['ticket+jwt'], nodeKey: string | null, now: number): Finding {
  const root = openStatement('delegation+jwt', claims.chain[0] ?? '').unverified;
  const trusted = nodeKey !== null && thumbprint(jwkFromRaw(nodeKey)) === root.kid;
  if (!trusted) return unknown('what the links say of each other is not judged: the node’s key is not known');
  let chain: VerifiedLink[] = [];
  const failed = refusalOf(() => {
    chain = verifyChain(claims.chain, jwkFromRaw(nodeKey));
    judgeTicket(claims, chain, {
      nodeUrn: root.claims.node,
      nodeJkt: root.kid,
      incarnation: null,
      now: claims.nbf * 1000,
      revokedKeys: new Set(),
      holderJkt: claims.cnf.jkt,
    });
  }, now);
  return failed
    ? fails(failed)
    : holds(
        'each link narrows the one before, and the ticket stays within the last (what was taken back since, only the node knows)',
      );
}

function refusalOf(work: () => unknown, now: number): string | null {
  try {
    work();
    return null;
  } catch (err) {
    if (err instanceof Refused) return sentence(err.reason, now);
    throw err;
  }
}
