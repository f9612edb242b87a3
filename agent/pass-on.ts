import { issuedDelegation, limitOf } from '@/core/accountability/issued';
import { excessOfPassingOn } from '@/core/accountability/may-issue';
import { type Reason, Refused } from '@/core/errors';
import { add, firstShort, type HardAmounts, oversubscribed } from '@/core/resources/vector';
import { isoAt } from '@/core/time/span';
import { shareOf } from '@/core/trust/pass-on';
import { thumbprint } from '@/protocol/statement/keys';
import { signChild } from '@/protocol/statement/pass-on';
import type { DelegationClaims, PublicJwk } from '@/protocol/statement/schemas';
import { closedProblem } from './granting';
import { freeOf, type Issuer } from './issue';
import { lockNodes, type NodeBook, readBooks } from './store/books';
import { type NodeHistory, readHistories } from './store/clearing';
import type { Transaction } from './store/database';
import { type Held, storeDelegation } from './store/delegations';

/** Who gets the part: its row in "Agent", and the key and URN that the delegation names. */
export type Grantee = { agentId: string; publicKey: PublicJwk; urn: string };

/**
 * Part of what this agent holds of a node, for another agent: so much, or that many thousandths of what its own delegation says.
 * `until`: epoch seconds; sooner when its own ends sooner. `line`: of the delegation to that grantee whose place this one takes.
 */
export type PassOn = {
  node: string;
  part: { rights: HardAmounts } | { shareMilli: number };
  degreeMilli: number;
  until: number;
  line?: string;
};

/** A delegation that was signed and stored. `chain`: its texts, root first, its own last: what the grantee needs. */
export type PassedOn = {
  node: string;
  nodeId: string;
  id: string;
  parentId: string;
  claims: DelegationClaims;
  chain: string[];
};

/** A delegation holds from a little ago, so that a grantee whose clock is behind can use it at once. */
const BACK_SECONDS = 600;

/**
 * Passes parts on to another agent, each durable when the transaction commits, in which the nodes are locked as for issuing: what is
 * passed on and what is promised in tickets never exceed together what this agent holds × its degree. A node of which it
 * cannot pass that on is refused with its reason, and the others go on. Delegations of the line before stay in force until they end or are revoked: who narrows one
 * revokes the others. `now`: epoch ms.
 */
export async function passOn(
  tx: Transaction,
  issuer: Issuer,
  grantee: Grantee,
  parts: readonly PassOn[],
  now: number,
): Promise<{ passed: PassedOn[]; refused: { node: string; reason: Reason }[] }> {
  const urns = parts.map((one) => one.node);
  const closed = closedProblem(issuer, await lockNodes(tx, urns, issuer.agentId), {});
  if (closed) return { passed: [], refused: urns.map((node) => ({ node, reason: closed })) };
  const nbf = Math.floor(now / 1000) - BACK_SECONDS;
  const span = { start: Math.floor(now / 1000), end: Math.max(...parts.map((one) => one.until), 0) };
  const lines = parts.flatMap((one) => one.line ?? []);
  const books = await readBooks(tx, issuer.agentId, urns, span, [], lines);
  const nodeIds = [...books.values()].map((book) => book.id);
  const histories = await readHistories(tx, issuer.agentId, issuer.key.jkt, nodeIds, { start: nbf, end: span.end });
  const passed: PassedOn[] = [];
  const refused: { node: string; reason: Reason }[] = [];
  for (const part of parts) {
    const book = books.get(part.node);
    try {
      const { parent, terms } = termsOf(book, part, nbf, issuer.key.jkt);
      const history = histories.get(parent.nodeId);
      const granteeJkt = thumbprint(grantee.publicKey);
      judgeAccountable(part, parent, { ...terms, granteeJkt, line: part.line ?? '' }, history);
      const to = { grantee: grantee.publicKey, granteeUrn: grantee.urn };
      const line = part.line === undefined ? {} : { line: part.line };
      const { claims, text } = signChild(parent.chain, { ...to, ...terms, ...line }, issuer.key);
      const { nodeId } = parent;
      const above = { issuerId: issuer.agentId, parentId: parent.id };
      const id = await storeDelegation(tx, { agentId: grantee.agentId, nodeId, claims, text, passedOn: above });
      if (book) book.claimed = add(book.claimed, oversubscribed(terms.rights, terms.degreeMilli));
      passed.push({ node: part.node, nodeId, id, parentId: parent.id, claims, chain: [...parent.chain, text] });
    } catch (err) {
      if (!(err instanceof Refused)) throw err;
      refused.push({ node: part.node, reason: err.reason });
    }
  }
  return { passed, refused };
}

/**
 * As for tickets, all that was ever issued counts, and here nothing clears it: a delegation carries no words of the node. Of a line only what
 * is more, or lasts longer, than it promised before. Throws DELEGATION_SPENT. See docs/decisions/0037.
 */
function judgeAccountable(
  { node }: PassOn,
  parent: Held,
  terms: Terms & { granteeJkt: string; line: string },
  history: NodeHistory | undefined,
): void {
  if (firstShort(terms.rights, parent.rights)) return; // it exceeds its parent, and is refused for that
  const want = { ...issuedDelegation({ jti: '', ...terms }), limit: limitOf(parent) };
  const excess = history && excessOfPassingOn(want, history.issued, history.takenBack);
  if (!excess) return;
  const { resource, issued, limit, until } = excess;
  const wants = want.amounts[resource];
  const free = Math.max(0, limit - (issued - wants));
  const facts = { node, resource, wants, free, degreeMilli: parent.degreeMilli, until: isoAt(until * 1000) };
  throw new Refused('DELEGATION_SPENT', facts);
}

type Terms = { rights: HardAmounts; degreeMilli: number; nbf: number; exp: number };

/** From which of the agent's delegations, and how much: the newest to its key that allows it. Pure. Throws NOT_ADVERTISED, NOT_DELEGATED, DELEGATION_SPENT. */
function termsOf(book: NodeBook | undefined, part: PassOn, nbf: number, jkt: string): { parent: Held; terms: Terms } {
  const { node } = part;
  if (!book) throw new Refused('NOT_ADVERTISED', { node });
  const held = book.delegations.filter((one) => one.granteeJkt === jkt && one.exp > nbf + BACK_SECONDS);
  const parent = held.find((one) => one.exp >= part.until) ?? held[0];
  if (!parent) throw new Refused('NOT_DELEGATED', { node });
  const rights = 'rights' in part.part ? part.part.rights : shareOf(parent.rights, part.part.shareMilli);
  const wants = oversubscribed(rights, part.degreeMilli);
  const free = freeOf({ rights: oversubscribed(parent.rights, parent.degreeMilli), degreeMilli: 1000 }, book.claimed);
  const short = firstShort(rights, parent.rights) === null ? firstShort(wants, free) : null; // else it exceeds its parent
  if (short) {
    const facts = { node, resource: short, wants: wants[short], free: free[short], degreeMilli: parent.degreeMilli };
    throw new Refused('DELEGATION_SPENT', facts);
  }
  const { degreeMilli } = part;
  return {
    parent,
    terms: { rights, degreeMilli, nbf: Math.max(nbf, parent.nbf), exp: Math.min(part.until, parent.exp) },
  };
}
