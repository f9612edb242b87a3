import { peakIssued, type Shown } from '@/core/accountability/excess';
import { issuedDelegation, issuedTicket, limitOf } from '@/core/accountability/issued';
import { type OverIssuer, overIssuers, type ShownLine } from '@/core/accountability/over-issuers';
import { type Reason, Refused } from '@/core/errors';
import { HARD_RESOURCES, type HardAmounts } from '@/core/resources/vector';
import { judgeTicket } from '@/core/trust/ticket';
import { lastOf, type VerifiedLink, verifyChain } from '../statement/delegation';
import { verifyKeyFromJwk } from '../statement/keys';
import type { PublicJwk, TicketClaims, TicketReceiptClaims } from '../statement/schemas';
import { openStatement, verifyStatement } from '../statement/verify';
import { RefusalProof } from './schemas';
import { wordsOf } from './words';

/** Who issued from a line, by the URN that whoever delegated gave it, and how much is shown of what the widest link allows. */
export type LineFinding = {
  from: string;
  issuer: string;
  issuerUrn: string;
  line: string;
  statements: number;
  rights: HardAmounts;
  degreeMilli: number;
  peak: HardAmounts;
  over: OverIssuer | null;
};

/** What a proof shows. Every signature in it held, from the node's key down. */
export type ProofFinding = {
  node: { urn: string; jkt: string };
  refusal: Pick<TicketReceiptClaims, 'jti' | 'since' | 'slice'> & { reason: { code: string; facts: Reason['facts'] } };
  ticket: { iss: string; jti: string };
  tickets: number;
  leftOut: number;
  lines: LineFinding[];
};

/**
 * Checks a refusal's proof with nothing but itself: that the node's key signed the refusal; that every ticket's chain starts at that key,
 * each link signed by the one before, narrowing, and the ticket by the last; and then whose tickets are more than they may be. Whether that
 * key is the node's is the reader's to know: `nodeJkt`, where given, must be it.
 * @throws Refused INVALID_INPUT for what is no such document, and all that verifying a statement throws
 */
export function verifyProof(document: unknown, nodeJkt?: string): ProofFinding {
  const proof = parseProof(document);
  const { urn, publicKey } = proof.node;
  const { jkt } = verifyKeyFromJwk(publicKey);
  if (nodeJkt !== undefined && nodeJkt !== jkt) throw new Refused('UNKNOWN_ISSUER', { iss: jkt });
  const refusal = refusedBy(publicKey, urn, proof.refusal);
  const lines = new Lines();
  const refused = lines.add(proof.ticket, urn, publicKey);
  if (refusal.ticket.iss !== refused.iss || refusal.ticket.jti !== refused.jti || refusal.slice !== refused.slice)
    throw new Refused('STATEMENT_MALFORMED', { problem: 'the refusal is for another ticket' });
  const held = new Set(proof.held.filter((text) => text !== proof.ticket));
  for (const text of held) lines.add(text, urn, publicKey);
  const { jti, since, slice, code, facts } = refusal;
  return {
    node: { urn, jkt },
    refusal: { jti, since, slice, reason: { code, facts } },
    ticket: refusal.ticket,
    tickets: held.size + 1,
    leftOut: proof.leftOut,
    lines: lines.findings(),
  };
}

/** Throws Refused INVALID_INPUT, naming the first field that is wrong. */
export function parseProof(document: unknown): RefusalProof {
  const parsed = RefusalProof.safeParse(document);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new Refused('INVALID_INPUT', {
    field: issue?.path.map(String).join('.') || 'document',
    problem: issue?.message ?? 'not understood',
  });
}

function refusedBy(publicKey: PublicJwk, urn: string, text: string): TicketReceiptClaims {
  const claims = verifyStatement('receipt+jwt', text, publicKey);
  if (claims.node !== urn) throw new Refused('WRONG_NODE', { expected: urn, got: claims.node });
  if (claims.kind === 'refused' && 'ticket' in claims) return claims;
  throw new Refused('STATEMENT_MALFORMED', { problem: `refusal: a receipt of kind ${claims.kind}` });
}

type Line = ShownLine & { items: Shown[]; issuerUrn: string; widest: VerifiedLink };

/** What is shown of each line, gathered from tickets and the chains in them. */
class Lines {
  private readonly lines = new Map<string, Line>();
  private readonly links = new Set<string>();

  /** Verifies a ticket from the node's key down, and enters it and the links of its chain, each under the one before. */
  add(text: string, urn: string, nodeJwk: PublicJwk): TicketClaims {
    const ticket = openStatement('ticket+jwt', text);
    const chain = verifyChain(ticket.unverified.claims.chain, nodeJwk);
    const last = lastOf(chain);
    const claims = ticket.verify(last.claims.grantee);
    // As of when it could be redeemed first: what is over by now proves what it proved.
    judgeTicket(claims, chain, {
      nodeUrn: urn,
      nodeJkt: verifyKeyFromJwk(nodeJwk).jkt,
      incarnation: null,
      now: claims.nbf * 1000,
      revokedKeys: new Set(),
      holderJkt: claims.cnf.jkt,
    });
    for (const [i, link] of chain.slice(1).entries()) {
      const parent = chain[i] ?? last;
      if (this.links.has(link.text)) continue;
      this.links.add(link.text);
      this.lineOf(parent).items.push({ ...issuedDelegation(link), limit: limitOf(parent), words: [] });
    }
    const words = wordsOf(claims, nodeJwk);
    this.lineOf(last).items.push({ ...issuedTicket(claims), limit: limitOf(last), words });
    return claims;
  }

  findings(): LineFinding[] {
    const over = overIssuers([...this.lines.values()]);
    return [...this.lines.values()].map(({ from, issuer, line, items, issuerUrn, widest }) => ({
      from,
      issuer,
      issuerUrn,
      line,
      statements: items.length,
      rights: widest.rights,
      degreeMilli: widest.degreeMilli,
      peak: peakIssued(items),
      over: over.find((one) => one.from === from && one.issuer === issuer && one.line === line) ?? null,
    }));
  }

  private lineOf(link: VerifiedLink): Line {
    const { iss, granteeJkt, line } = link;
    const key = `${iss}/${granteeJkt}/${line}`;
    const known = this.lines.get(key);
    if (!known) {
      const issuerUrn = link.claims.granteeUrn;
      const made: Line = { from: iss, issuer: granteeJkt, line, items: [], issuerUrn, widest: link };
      this.lines.set(key, made);
      return made;
    }
    const [was, is] = [limitOf(known.widest), limitOf(link)];
    if (HARD_RESOURCES.every((r) => is[r] >= was[r])) known.widest = link;
    return known;
  }
}
