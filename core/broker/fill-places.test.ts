import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { movesAtOnce } from '../slice/change';
import { placesOf } from '../slice/placement';
import type { BrokerNode } from './candidate';
import { type FillSliver, fillPlaces, type OpenMove, stands } from './fill-places';

const ample = { cpuMilli: 8000, memoryMiB: 8000, diskMiB: 8000, networkKbps: 8000 };
const COUNTRIES = ['CH', 'FR', 'JP'];
const node = (i: number, more: Partial<BrokerNode> = {}): BrokerNode => ({
  node: `n${i}`,
  site: `s${i % 4}`,
  country: COUNTRIES[i % 3] ?? null,
  free: ample,
  reachability: 'online',
  adminSwitch: 'open',
  images: ['tiny'],
  ...more,
});
const fleet = (n: number) => Array.from({ length: n }, (_, i) => node(i));
const spec = (more = {}) => ({
  ...{
    count: 3,
    picked: [],
    onlyCountries: [],
    minimum: 1,
    minCountries: 1,
    maxPerSite: 100,
    more: [],
    substitute: true,
  },
  resources: { cpuMilli: 1, memoryMiB: 1, diskMiB: 1, networkKbps: 1, image: 'tiny' },
  ...more,
});
const sliver = (i: number, more: Partial<FillSliver> = {}): FillSliver => ({
  ...{ id: `v${i}`, nodeUrn: `n${i}`, part: 0, desired: 'running', reported: 'running', goneAt: null },
  ...{ createdAt: new Date(1000), substituted: false, denied: false, givenUpAt: null },
  ...more,
});
const failed = (i: number, more = {}) =>
  sliver(i, { reported: 'failed', desired: 'gone', goneAt: new Date(2000), ...more });
const move = (fromId: string, more: Partial<OpenMove> = {}): OpenMove => ({
  ...{ id: `m-${fromId}`, fromId, toId: null, targetNode: null, otherSite: false, tried: [] },
  ...more,
});
const options = { seed: 'x', since: 0 };
const fill = (...[s, v, m, n]: [ReturnType<typeof spec>, FillSliver[], OpenMove[]?, BrokerNode[]?]) =>
  fillPlaces(s, v, m ?? [], n ?? fleet(12), options);

describe('growing', () => {
  test('adds what is missing, also where nothing may stand in for what failed: its place stays taken', () => {
    expect(fill(spec({ count: 5 }), [sliver(0), sliver(1), sliver(2)]).slivers).toHaveLength(2);
    const strict = spec({ count: 5, substitute: false });
    const out = fill(strict, [sliver(0), sliver(1), failed(2)]);
    expect(out.slivers).toHaveLength(2);
    expect(out.exhausted).toBe(true);
    expect(fill(strict, [sliver(0), sliver(1), failed(2, { givenUpAt: new Date() })]).slivers).toHaveLength(3);
  });

  test('those asked for in countries of their own are there, and so is what stands in for them', () => {
    const s = spec({ count: 2, more: [{ count: 2, onlyCountries: ['JP'] }] });
    const out = fill(s, [sliver(0), sliver(1)]);
    expect(out.slivers.map((a) => [a.part, fleet(12).find((n) => n.node === a.node)?.country])).toEqual([
      [1, 'JP'],
      [1, 'JP'],
    ]);
    const again = fill(s, [sliver(0), sliver(1), sliver(2, { part: 1 }), failed(5, { part: 1 })]);
    expect(again.slivers).toMatchObject([{ part: 1, substituteForId: 'v5' }]);
    expect(fleet(12).find((n) => n.node === again.slivers[0]?.node)?.country).toBe('JP');
  });

  test('takes a node again that the slice left, but only where there is no other', () => {
    const left = failed(2, { reported: 'gone', givenUpAt: new Date() });
    expect(fill(spec(), [sliver(0), sliver(1), left], [], fleet(4)).slivers[0]?.node).toBe('n3');
    expect(fill(spec(), [sliver(0), sliver(1), left], [], fleet(3)).slivers[0]?.node).toBe('n2');
  });
});

describe('moving', () => {
  test('gives the new sliver beside the old one, on a node without one; to another site where that is wanted', () => {
    const out = fill(spec(), [sliver(0), sliver(1), sliver(2)], [move('v0', { otherSite: true })]);
    expect(out.slivers).toMatchObject([{ moveId: 'm-v0', substituteForId: null }]);
    expect(['n4', 'n8', 'n0', 'n1', 'n2']).not.toContain(out.slivers[0]?.node);
    const picked = fill(spec(), [sliver(0), sliver(1), sliver(2)], [move('v0', { targetNode: 'n9' })]);
    expect(picked.slivers).toMatchObject([{ node: 'n9', picked: true }]);
  });

  test('says why where there is no node, or the node has one already', () => {
    const three = [sliver(0), sliver(1), sliver(2)];
    expect(fill(spec(), three, [move('v0')], fleet(3)).failedMoves).toMatchObject([
      { reason: { code: 'NOT_ENOUGH_NODES' } },
    ]);
    expect(fill(spec(), three, [move('v0', { targetNode: 'n1' })]).failedMoves).toMatchObject([
      { reason: { code: 'CONFLICT' } },
    ]);
    expect(fill(spec(), three, [move('v0', { tried: ['n3'] })], fleet(4)).failedMoves).toHaveLength(1);
  });

  test('one of the two counts: nothing stands in for an old sliver that fails while its new one comes', () => {
    const out = fill(
      spec(),
      [failed(0), sliver(1), sliver(2), sliver(3, { reported: 'starting' })],
      [move('v0', { toId: 'v3' })],
    );
    expect(out).toEqual({ slivers: [], failedMoves: [], exhausted: false });
    const waiting = fill(spec(), [failed(0), sliver(1), sliver(2)], [move('v0')]);
    expect(waiting.slivers).toMatchObject([{ moveId: 'm-v0' }]);
  });
});

test('never more than the slice’s count and the moves that may be under way, never two on one node', () => {
  const reported = fc.constantFrom('running', 'starting', 'failed', 'unknown', 'gone');
  fc.assert(
    fc.property(
      fc.array(fc.record({ reported, part: fc.nat(1), givenUp: fc.boolean() }), { minLength: 1, maxLength: 8 }),
      fc.nat(8),
      fc.nat(3),
      fc.boolean(),
      fc.nat(14),
      fc.uniqueArray(fc.nat(7), { maxLength: 4 }),
      (rows, count, more, substitute, nodes, from) => {
        const s = spec({ count, more: [{ count: more, onlyCountries: ['CH', 'FR'] }], substitute });
        const have = rows.map(({ reported: r, part, givenUp }, i) =>
          r === 'failed' || givenUp
            ? failed(i, { reported: r === 'failed' ? r : 'gone', part, givenUpAt: givenUp ? new Date() : null })
            : sliver(i, { reported: r, part }),
        );
        const moves = from.flatMap((i) => (have[i] && !have[i].givenUpAt ? [move(`v${i}`)] : []));
        const out = fillPlaces(s, have, moves, fleet(nodes), options);
        const live = have.filter((v) => !v.goneAt).map((v) => v.nodeUrn);
        const all = [...live, ...out.slivers.map((a) => a.node)];
        expect(new Set(all).size).toBe(all.length);
        const standing = have.filter(stands).length;
        const over = Math.max(0, standing - placesOf(s));
        const sum = standing + out.slivers.length;
        // A part may hold more than it wants; another is filled all the same.
        expect(sum).toBeLessThanOrEqual(placesOf(s) + over + movesAtOnce(standing) + rows.length);
        expect(out.slivers.filter((a) => a.moveId).length).toBeLessThanOrEqual(movesAtOnce(standing));
        for (const m of moves) expect(out.slivers.filter((a) => a.moveId === m.id).length).toBeLessThanOrEqual(1);
      },
    ),
  );
});
