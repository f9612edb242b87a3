import { type HardAmounts, oversubscribed } from '../resources/vector';
import { type AdmissionBook, admissionBook, type Claim, type Verdict } from './admission';

/**
 * A link as the books know it: its statement's id, its rights, and how far they may be oversubscribed (thousandths).
 */
export type ChargedLink = { iss: string; jti: string; rights: HardAmounts; degreeMilli: number };

/** Where a charge did not fit: the link's verdict, and which link. */
export type ChainVerdict = { ok: true } | (Extract<Verdict, { ok: false }> & { link: ChargedLink });

/**
 * One book per delegation link. Each live lease is charged to **every** link of its chain, so that many small tickets
 * cannot exceed what a link was given: at every instant Σ of a link's leases ≤ its rights × its degree.
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
      const book = this.books.get(keyOf(link)) ?? admissionBook(limitOf(link));
      const verdict = book.admit(want, without);
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
      const book = this.books.get(keyOf(link)) ?? admissionBook(limitOf(link));
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
}

function keyOf(link: ChargedLink): string {
  return `${link.iss}/${link.jti}`;
}

function limitOf(link: ChargedLink): HardAmounts {
  return oversubscribed(link.rights, link.degreeMilli);
}
