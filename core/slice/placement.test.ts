import fc from 'fast-check';
import { expect, test } from 'vitest';
import { grown, moved, type Place, type Placement, partsOf, placesOf, shrunk } from './placement';

const node = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const nodes = fc.uniqueArray(node, { maxLength: 5 });
const countries = fc.uniqueArray(fc.constantFrom('CH', 'FR', 'JP'), { maxLength: 2 });
const growth = fc.record({ count: fc.nat(5), picked: nodes, onlyCountries: countries });
const placement: fc.Arbitrary<Placement> = fc
  .record({ count: fc.nat(6), picked: nodes, onlyCountries: countries, more: fc.array(growth, { maxLength: 3 }) })
  .filter((p) => placesOf(p) > 0)
  .chain((p) => {
    const all = fc.integer({ min: 1, max: placesOf(p) });
    return fc.record({ minimum: all, minCountries: all }).map((least) => ({ ...p, ...least }));
  });
const sound = (p: Placement) => {
  expect(partsOf(p).reduce((sum, part) => sum + part.wants, 0)).toBe(placesOf(p));
  expect(new Set(p.picked).size).toBe(p.picked.length);
  expect(p.count).toBeGreaterThanOrEqual(0);
  expect(p.minimum).toBeGreaterThanOrEqual(1);
};

test('grows by just what is asked for; what was there stays, and so does the minimum', () => {
  fc.assert(
    fc.property(placement, growth, (p, more) => {
      const next = grown(p, more);
      sound(next);
      const picked = more.picked.filter((urn) => !p.picked.includes(urn)).length;
      expect(placesOf(next)).toBe(placesOf(p) + more.count + picked);
      expect(next.minimum).toBe(p.minimum);
      expect(next.onlyCountries).toEqual(p.onlyCountries);
      expect(next.more.slice(0, p.more.length)).toEqual(p.more);
      if (more.onlyCountries.length > 0 && more.count > 0)
        expect(next.more.at(-1)).toEqual({ count: more.count, onlyCountries: more.onlyCountries });
    }),
  );
});

test('shrinks by just as many places as are given up, and the minimum is never more than what is left', () => {
  fc.assert(
    fc.property(
      placement,
      fc.array(node, { maxLength: 8 }),
      fc.infiniteStream(fc.option(node)),
      nodes,
      (p, _, at, standing) => {
        // A place of each part, as many as it has at most, so that one stays in all.
        const all: Place[] = partsOf(p).flatMap(({ part, wants }) =>
          Array.from({ length: wants }, () => ({ node: at.next().value ?? null, part })),
        );
        const places = all.slice(1);
        const next = shrunk(p, places, new Set(standing));
        sound(next);
        expect(placesOf(next)).toBe(1);
        expect(next.minimum).toBe(1);
        expect(next.minCountries).toBe(1);
      },
    ),
  );
});

test('a node that was given up, or left, is not picked again', () => {
  fc.assert(
    fc.property(placement, node, node, fc.boolean(), (p, from, to, picked) => {
      if (placesOf(p) > 1)
        expect(shrunk(p, [{ node: from, part: 0 }], new Set()).picked).not.toContain(
          p.picked.includes(from) ? from : '-',
        );
      fc.pre(from !== to && !p.picked.includes(to));
      const next = moved(p, { node: from, part: 0 }, { node: to, picked });
      sound(next);
      expect(placesOf(next)).toBe(placesOf(p));
      expect(next.picked).not.toContain(from);
    }),
  );
});
