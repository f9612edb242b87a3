import { type Excess, excessOf, type Shown, stillExceeds } from './excess';

/** Delegations from one issuer to one grantee that share a book, and what that grantee is shown to have issued under them. */
export type ShownLine = {
  /** Thumbprints: who gave, and who issued from it. */
  from: string;
  issuer: string;
  line: string;
  items: readonly Shown[];
};

/** Whoever issued more than it was given: where it shows most plainly, and the ids of the statements that prove it. */
export type OverIssuer = { issuer: string; from: string; line: string; excess: Excess; proof: string[] };

/**
 * Names the issuers whose own statements prove that they issued more than they were given.
 *
 * An honest issuer signs a statement only when it, with all that it ever signed under that line before and that the node's words
 * *in the statement itself* do not clear, stays within the limit of the link that the statement shows. So of any set of its
 * statements the one that it signed last fits among the others. This looks for that one, takes it away, and goes on: whoever is honest ends
 * with nothing left, in whatever set is shown, and whatever anybody else signed. What is left at the end is a set in which none can have
 * been the last: its issuer broke the rule. (A statement that fits among others fits among fewer, so that the order of taking
 * away does not matter.)
 */
export function overIssuers(lines: readonly ShownLine[]): OverIssuer[] {
  return lines.flatMap(({ from, issuer, line, items }) => {
    const { left, excess } = unexplained(items);
    return excess ? [{ issuer, from, line, excess, proof: left.map((one) => one.jti) }] : [];
  });
}

function unexplained(items: readonly Shown[]): { left: Shown[]; excess: Excess | null } {
  const left = new Set(items);
  const found = new Map<Shown, Excess>();
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    for (const one of left) {
      const known = found.get(one);
      if (known && stillExceeds(known, one, left)) continue;
      const excess = excessOf(one, left);
      if (excess) found.set(one, excess);
      else left.delete(one);
    }
  }
  const worst = [...left].reduce<Excess | null>((most, one) => greater(most, excessOf(one, left)), null);
  return { left: [...left], excess: worst };
}

function greater(a: Excess | null, b: Excess | null): Excess | null {
  if (!a || !b) return a ?? b;
  return b.issued * a.limit > a.issued * b.limit ? b : a;
}
