import fc from 'fast-check';
import { expect, test } from 'vitest';
import { roomFor } from './candidate';
import { bestOffer, shareOut } from './share-out';

const amounts = (n: number) => ({ cpuMilli: n, memoryMiB: n, diskMiB: n, networkKbps: n });
const wants = amounts(1);
const offer = fc.record({ agent: fc.constantFrom('am', 'am.north', 'am.south'), free: fc.nat(3).map(amounts) });
const nodes = fc
  .array(fc.uniqueArray(offer, { selector: (o) => o.agent, maxLength: 3 }), { maxLength: 12 })
  .map((all) => all.map((offers, i) => ({ node: `n${i}`, offers })));

test('each node that anybody offers is asked of exactly one agent, which has as much room as any', () => {
  fc.assert(
    fc.property(nodes, fc.string(), (all, seed) => {
      const shares = shareOut(all, wants, seed);
      const asked = [...shares].flatMap(([agent, some]) => some.map((node) => ({ agent, node })));
      expect(asked.map(({ node }) => node).sort()).toEqual(
        all.flatMap(({ node, offers }) => (offers.length > 0 ? [node] : [])).sort(),
      );
      for (const { agent, node } of asked) {
        const offers = all.find((one) => one.node === node)?.offers ?? [];
        const own = offers.find((one) => one.agent === agent);
        const best = bestOffer(offers, wants);
        expect(own && roomFor(own, wants)).toBe(best && roomFor(best, wants));
      }
    }),
  );
});

test('where one agent is best everywhere, only that one is asked; the order in which nodes are told does not matter', () => {
  fc.assert(
    fc.property(nodes, fc.string(), (all, seed) => {
      const widened = all.map(({ node, offers }) => ({
        node,
        offers: [...offers, { agent: 'am.wide', free: amounts(9) }],
      }));
      expect([...shareOut(widened, wants, seed).keys()]).toEqual(all.length > 0 ? ['am.wide'] : []);
      const sorted = (shares: Map<string, string[]>) =>
        [...shares].map(([agent, some]) => [agent, some.toSorted()]).sort();
      const turned = all.toReversed().map(({ node, offers }) => ({ node, offers: offers.toReversed() }));
      expect(sorted(shareOut(turned, wants, seed))).toEqual(sorted(shareOut(all, wants, seed)));
    }),
  );
});

test('equal agents are told apart by lot, so that slices go to different ones', () => {
  const all = [{ node: 'n', offers: ['am', 'am.north'].map((agent) => ({ agent, free: amounts(2) })) }];
  const chosen = new Set(Array.from({ length: 40 }, (_, i) => [...shareOut(all, wants, `slice${i}`).keys()][0]));
  expect(chosen.size).toBe(2);
});
