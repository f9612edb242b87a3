import { type HardAmounts, hardOf, oversubscribed } from '../resources/vector';

/**
 * What an issuer signed away under one link: a ticket, or a delegation that it passed on. Times: epoch seconds.
 */
export type Issued = {
  kind: 'ticket' | 'delegation';
  jti: string;
  /** Those of one group take each other's place, so that at an instant only the greatest of them counts. */
  group: string;
  /** When it may be held, [start, end): a lease term with its grace; a delegation's term. */
  start: number;
  end: number;
  /** What may be held under it: a ticket's amounts; a delegation's rights × degree, since its grantee may go that far. */
  amounts: HardAmounts;
  /** End of the redeem window; of a delegation its end. */
  exp: number;
};

type TicketTerms = {
  jti: string;
  resources: HardAmounts;
  start: number;
  end: number;
  graceSeconds: number;
  exp: number;
  replaces?: string | undefined;
};

/** A ticket and all that renew the same one are held one at a time: a group. (Their own successors are the next group.) */
export function issuedTicket(ticket: TicketTerms): Issued {
  const { jti, resources, start, end, graceSeconds, exp, replaces } = ticket;
  const group = `ticket ${replaces ?? jti}`;
  return { kind: 'ticket', jti, group, start, end: end + graceSeconds, amounts: hardOf(resources), exp };
}

type LinkTerms = {
  jti: string;
  granteeJkt: string;
  line: string;
  rights: HardAmounts;
  degreeMilli: number;
  nbf: number;
  exp: number;
};

/** A link's limit: what may be held under it at any instant. */
export function limitOf(link: Pick<LinkTerms, 'rights' | 'degreeMilli'>): HardAmounts {
  return oversubscribed(link.rights, link.degreeMilli);
}

/** Delegations of one line take each other's place: a group. */
export function issuedDelegation(link: LinkTerms): Issued {
  const { jti, granteeJkt, line, nbf, exp } = link;
  const group = `delegation ${granteeJkt} ${line}`;
  return { kind: 'delegation', jti, group, start: nbf, end: exp, amounts: limitOf(link), exp };
}
