import { type HardAmounts, oversubscribed } from '../resources/vector';
import { type AdmissionBook, admissionBook, type Claim, type Verdict } from './admission';

/**
 * A link as the books know it: its statement's id; from whom to whom and in which line; its rights, and how far they may be
 * oversubscribed (thousandths).
 */
export type ChargedLink = {
  iss: string;
  jti: string;
  granteeJkt: string;
  line: string;
  rights: HardAmounts;
  degreeMilli: number;
};

/** Where a charge did not fit: the link's verdict, and which link. */
export type ChainVerdict = { ok: true } | (Extract<Verdict, { ok: false }> & { link: ChargedLink });

/**
 * One book for each line of delegations (same issuer, grantee and line), so that renewing, narrowing or widening a link never starts an
 * empty one. Each live lease is charged to **every** link of its chain, so that many small tickets cannot exceed what a link was given: a
 * claim is let in only when with it, at every instant, Σ of the line's leases ≤ rights × degree of the very link that its ticket shows.
 */
export class ChainBooks {
  private readonly books = new Map<string, AdmissionBook>();
  private readonly charged = new Map<string, string[]>();

  /**
   * Would the claim fit every link (but for `without`, which it replaces)? Root first; the first link that says no
   * answers.
   */
  admit(chain: readonly ChargedLink[], want: Claim, without?: string): ChainVerdict {
    for (const link of chain) {
      const verdict = this.bookOf(link).admit(want, without);
      if (!verdict.ok) return { ...verdict, link };
    }
    return { ok: true };
  }

  /**
   * Charges the claim to every link, unjudged (a journal is replayed as it was acknowledged). The same id again
   * replaces it.
   */
  charge(id: string, chain: readonly ChargedLink[], claim: Claim): void {
    this.discharge(id);
    const keys = chain.map(keyOf);
    for (const link of chain) {
      const book = this.bookOf(link);
      this.books.set(keyOf(link), book);
      book.add(id, claim);
    }
    this.charged.set(id, keys);
  }

  /** Takes the lease's charge off every link; false when there was none. */
  discharge(id: string): boolean {
    const keys = this.charged.get(id);
    if (!keys) return false;
    this.charged.delete(id);
    for (const key of keys) {
      const book = this.books.get(key);
      book?.remove(id);
      if (book?.size === 0) this.books.delete(key);
    }
    return true;
  }

  /** The line's book, as this link limits it; a new one is not kept yet. */
  private bookOf(link: ChargedLink): AdmissionBook {
    const limit = limitOf(link);
    const book = this.books.get(keyOf(link));
    if (!book) return admissionBook(limit);
    book.capacity = limit;
    return book;
  }
}

function keyOf({ iss, granteeJkt, line }: ChargedLink): string {
  return `${iss}/${granteeJkt}/${line}`;
}

function limitOf(link: ChargedLink): HardAmounts {
  return oversubscribed(link.rights, link.degreeMilli);
}
