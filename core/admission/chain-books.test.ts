import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HardAmounts } from '../resources/vector';
import type { Claim } from './admission';
import { ChainBooks, type ChargedLink } from './chain-books';

const all = (n: number): HardAmounts => ({ cpuMilli: n, memoryMiB: n, diskMiB: n, networkKbps: n });
const link = (iss: string, granteeJkt: string, jti: string, units: number, degreeMilli: number, line = 'one'): ChargedLink => {
  return { iss, granteeJkt, jti, line, rights: all(units), degreeMilli };
}; // biome-ignore format: one line
/**
 * The node's root to an agent, which passes part on to two siblings, of whom the first passes on again; and what took the place of
 * some of them: the root renewed as it was, and the first sibling's narrowed, with a child of its own. Another line beside it starts anew.
 */
const root = link('node', 'agent', 'root', 4, 1500);
const renewed = link('node', 'agent', 'root-2', 4, 1500);
const a = link('agent', 'a', 'a', 3, 1500);
const narrowed = link('agent', 'a', 'a-2', 1, 1500);
const beside = link('agent', 'a', 'a-3', 2, 1000, 'two');
const b = link('agent', 'b', 'b', 4, 1000);
const c = link('a', 'c', 'c', 2, 1000);
const CHAINS = [[root], [root, a], [root, b], [root, a, c], [renewed], [renewed, narrowed], [renewed, narrowed, c], [renewed, beside]]; // biome-ignore format: a table
const lineOf = (one: ChargedLink) => `${one.iss} ${one.granteeJkt} ${one.line}`;
const limitOf = (one: ChargedLink) => Math.floor((one.rights.cpuMilli * one.degreeMilli) / 1000);

const act = fc.record({
  id: fc.nat(12),
  release: fc.boolean(),
  chain: fc.nat(CHAINS.length - 1),
  start: fc.nat(6),
  length: fc.integer({ min: 1, max: 5 }),
  amount: fc.integer({ min: 1, max: 4 }),
});
type Live = Map<string, { chain: readonly ChargedLink[]; claim: Claim }>;

/** The most that all leases under the link's line hold at any instant, but for one of them: by looking at every instant. */
function peakOf(live: Live, of: ChargedLink, without: string, span = { start: 0, end: 12 }): number {
  let peak = 0;
  for (let t = span.start; t < span.end; t++) {
    let held = 0;
    for (const [id, { chain, claim }] of live) {
      const under = chain.some((one) => lineOf(one) === lineOf(of));
      if (under && id !== without && claim.start <= t && t < claim.end) held += claim.amounts.cpuMilli;
    }
    peak = Math.max(peak, held);
  }
  return peak;
}

test('a claim is let in exactly when every link it shows has room for it beside all that is live in its line', () => {
  const seen = { refused: 0, taken: 0, beyondNarrowed: 0 };
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40, size: 'max' }), (acts) => {
      const books = new ChainBooks();
      const live: Live = new Map();
      for (const { id, release, chain: n, start, length, amount } of acts) {
        const key = String(id);
        if (release) {
          expect(books.discharge(key)).toBe(live.delete(key));
          continue;
        }
        const chain = CHAINS[n] ?? [];
        const claim = { start, end: start + length, amounts: all(amount) };
        const full = chain.find((one) => peakOf(live, one, key, claim) + amount > limitOf(one));
        const verdict = books.admit(chain, claim, key);
        if (full) {
          seen.refused++;
          expect(verdict).toMatchObject({ ok: false, link: full });
          continue;
        }
        expect(verdict).toEqual({ ok: true });
        seen.taken++;
        books.charge(key, chain, claim);
        live.set(key, { chain, claim });
        if (peakOf(live, narrowed, '') > limitOf(narrowed)) seen.beyondNarrowed++;
      }
      // Never more under a line than its widest link allows; under a child, never more than under its parent.
      for (const one of [root, a, b, c, beside]) expect(peakOf(live, one, '')).toBeLessThanOrEqual(limitOf(one));
    }),
    { numRuns: 500 },
  );
  expect(seen.refused).toBeGreaterThan(500);
  expect(seen.taken).toBeGreaterThan(500);
  expect(seen.beyondNarrowed).toBeGreaterThan(50); // what was let in under the wider one stays, and counts
});

test('many small tickets over siblings, grandchildren and renewals are together no more than the root was given', () => {
  const books = new ChainBooks();
  const claim = { start: 0, end: 10, amounts: all(1) };
  let taken = 0;
  for (let i = 0; i < 64; i++) {
    const chain = CHAINS[i % CHAINS.length] ?? [];
    if (!books.admit(chain, claim).ok) continue;
    books.charge(`lease-${i}`, chain, claim);
    taken++;
  }
  expect(taken).toBe(limitOf(root));
  expect(books.admit([renewed], claim)).toMatchObject({ ok: false, link: renewed, free: 0 });
  expect(books.discharge('lease-0')).toBe(true);
  expect(books.admit([renewed], claim).ok).toBe(true);
});
