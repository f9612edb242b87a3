import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HardAmounts } from '../resources/vector';
import type { Claim } from './admission';
import { ChainBooks, type ChargedLink } from './chain-books';

const all = (n: number): HardAmounts => ({ cpuMilli: n, memoryMiB: n, diskMiB: n, networkKbps: n });
/** root ← a, b; a ← c. Each may be oversubscribed by its own degree. */
const root: ChargedLink = { iss: 'node', jti: 'root', rights: all(4), degreeMilli: 1500 };
const a: ChargedLink = { iss: 'agent', jti: 'a', rights: all(3), degreeMilli: 1500 };
const b: ChargedLink = { iss: 'agent', jti: 'b', rights: all(4), degreeMilli: 1000 };
const c: ChargedLink = { iss: 'broker', jti: 'c', rights: all(2), degreeMilli: 1000 };
const CHAINS = [[root], [root, a], [root, b], [root, a, c]];

const act = fc.record({
  id: fc.nat(12),
  release: fc.boolean(),
  chain: fc.nat(CHAINS.length - 1),
  start: fc.nat(6),
  length: fc.integer({ min: 1, max: 5 }),
  amount: fc.integer({ min: 1, max: 4 }),
});

test('what a link was given × its degree is never exceeded by all leases under it together, at any instant', () => {
  let refused = 0;
  fc.assert(
    fc.property(fc.array(act, { maxLength: 40, size: 'max' }), (acts) => {
      const books = new ChainBooks();
      const live = new Map<string, { chain: readonly ChargedLink[]; claim: Claim }>();
      for (const { id, release, chain: n, start, length, amount } of acts) {
        const key = String(id);
        if (release) {
          expect(books.discharge(key)).toBe(live.delete(key));
          continue;
        }
        const chain = CHAINS[n] ?? [];
        const claim = { start, end: start + length, amounts: all(amount) };
        const verdict = books.admit(chain, claim, key);
        if (!verdict.ok) {
          refused++;
          expect(chain).toContain(verdict.link);
          continue;
        }
        books.charge(key, chain, claim);
        live.set(key, { chain, claim });
      }
      for (const link of [root, a, b, c]) {
        for (let t = 0; t < 12; t++) {
          const under = [...live.values()].filter(
            (l) => l.chain.includes(link) && l.claim.start <= t && t < l.claim.end,
          );
          const held = under.reduce((sum, l) => sum + l.claim.amounts.cpuMilli, 0);
          expect(held).toBeLessThanOrEqual(Math.floor((link.rights.cpuMilli * link.degreeMilli) / 1000));
        }
      }
    }),
    { numRuns: 400 },
  );
  expect(refused).toBeGreaterThan(50);
});
