import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chooseToGiveUp, SHRINK_ORDER, type ShrinkCandidate } from './shrink';

const candidates = fc
  .array(
    fc.record({
      site: fc.constantFrom('s1', 's2', 's3'),
      country: fc.constantFrom('CH', 'FR', null),
      reported: fc.constantFrom('running', 'failed', 'unknown', 'starting', 'stopped'),
      online: fc.boolean(),
      draining: fc.boolean(),
      picked: fc.boolean(),
      createdAt: fc.nat(5),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((c, i): ShrinkCandidate => ({ ...c, id: `v${i}`, node: `n${i}` })));

test('gives up as many as asked, the broken before the sound, whatever order they come in', () => {
  fc.assert(
    fc.property(candidates, fc.nat(14), (list, n) => {
      const chosen = chooseToGiveUp(list, n);
      expect(chosen).toHaveLength(Math.min(n, list.length));
      expect(new Set(chosen.map((c) => c.id)).size).toBe(chosen.length);
      const ranks = chosen.map((c) => SHRINK_ORDER.indexOf(c.why));
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      expect(chooseToGiveUp(list.toReversed(), n)).toEqual(chosen);
      // Nothing that runs goes while something is left that failed or is away.
      const gone = new Set(chosen.map((c) => c.id));
      const spared = list.filter((c) => !gone.has(c.id));
      if (chosen.some((c) => c.why === 'crowded'))
        expect(spared.filter((c) => c.reported !== 'running' || !c.online || c.draining)).toEqual([]);
      // One more asks for the same ones and one more.
      expect(chooseToGiveUp(list, n + 1).slice(0, chosen.length)).toEqual(chosen);
    }),
  );
});

test('of what runs, the country with most gives first, then its fullest site; picked nodes and older slivers stay longer', () => {
  const sliver = (id: string, country: string, site: string, more = {}): ShrinkCandidate => ({
    ...{ id, node: id, country, site, reported: 'running', online: true, draining: false, picked: false, createdAt: 0 },
    ...more,
  });
  const list = [
    sliver('a', 'CH', 's1'),
    sliver('b', 'FR', 's2'),
    sliver('c', 'FR', 's3', { createdAt: 1 }),
    sliver('d', 'FR', 's3'),
    sliver('e', 'FR', 's2', { picked: true }),
  ];
  expect(chooseToGiveUp(list, 5).map((c) => c.id)).toEqual(['c', 'b', 'd', 'a', 'e']);
});
