import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sentence } from '../refusal-sentence';
import { add, type HardAmounts } from '../resources/vector';
import { decide } from './decide';
import { fairLevel } from './fair-share';
import { drawn } from './lottery';
import type { Ask, GrantingPolicy, Held, Situation } from './policy';
import { quotaOf } from './quota';
import { demands } from './scarcity';
import { siteOfSlice } from './site-of-slice';

const SITES = ['a', 'b', 'c', 'd'];
const amounts = (max: number): fc.Arbitrary<HardAmounts> =>
  fc.record({ cpuMilli: fc.nat(max), memoryMiB: fc.nat(max), diskMiB: fc.nat(max), networkKbps: fc.nat(max) });
const held = fc
  .dictionary(fc.constantFrom(...SITES), fc.tuple(amounts(6), fc.nat(6)))
  .map(
    (of) => new Map(Object.entries(of).map(([site, [hard, slivers]]): [string, Held] => [site, { ...hard, slivers }])),
  );
const waiting = fc.dictionary(fc.constantFrom(...SITES), amounts(8)).map((of) => new Map(Object.entries(of)));
const situation: fc.Arbitrary<Situation> = fc.record({ total: amounts(20), held, waiting });
const ask: fc.Arbitrary<Ask> = fc.record({
  site: fc.constantFrom(...SITES),
  slice: fc.constantFrom('a_x', 'b_y'),
  count: fc.nat(10),
  each: amounts(3),
  at: fc.integer({ min: 0, max: 10_000_000 }),
});
const limits = fc.record({ slivers: fc.nat(8), cpuMilli: fc.nat(12), memoryMiB: fc.nat(12) }, { requiredKeys: [] });
const quotaPolicy = fc.record({
  kind: fc.constant('quota' as const),
  each: limits,
  sites: fc.dictionary(fc.constantFrom(...SITES), limits),
});
const lotteryPolicy = fc.record({
  kind: fc.constant('lottery' as const),
  weight: fc.nat(3),
  sites: fc.dictionary(fc.constantFrom(...SITES), fc.nat(9)),
  seed: fc.string(),
  drawSeconds: fc.constant(600),
  waitSeconds: fc.constant(3600),
});
const fair: GrantingPolicy = { kind: 'fair-share', waitSeconds: 3600 };
const policy: fc.Arbitrary<GrantingPolicy> = fc.oneof(
  fc.constant<GrantingPolicy>({ kind: 'first-come' }),
  fc.constant(fair),
  quotaPolicy,
  lotteryPolicy,
);
/** The same, of an agent that has enough for all that is held, waited for and asked. */
const ample = (a: Ask, s: Situation): Situation => ({ ...s, total: [...demands(a, s).values()].reduce(add) });

describe('every policy', () => {
  test('grants no more than there is room for, the same each time, and says why when it grants less', () => {
    fc.assert(
      fc.property(policy, ask, situation, (p, a, s) => {
        const verdict = decide(p, a, s);
        expect(verdict.grant).toBeGreaterThanOrEqual(0);
        expect(verdict.grant).toBeLessThanOrEqual(a.count); // count: what there is room for
        expect(verdict.reason === null).toBe(verdict.grant === a.count);
        expect(decide(p, a, s)).toEqual(verdict);
        if (verdict.reason) expect(sentence(verdict.reason)).not.toMatch(/undefined|NaN|null/);
      }),
      { numRuns: 3000 },
    );
  });
  test('but a quota grants everything while there is enough for all', () => {
    fc.assert(
      fc.property(policy, ask, situation, (p, a, s) => {
        if (p.kind !== 'quota') expect(decide(p, a, ample(a, s)).grant).toBe(a.count);
      }),
    );
  });
});

describe('fair share', () => {
  test('the level gives out all there is, or all that is wanted; a higher one would give out more than there is', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }), (total, wants) => {
        const given = (level: number) => wants.reduce((sum, want) => sum + Math.min(want, level), 0);
        const level = fairLevel(total, wants);
        expect(given(level)).toBeLessThanOrEqual(total);
        if (level < Math.max(...wants)) expect(given(level + 1)).toBeGreaterThan(total);
      }),
      { numRuns: 2000 },
    );
  });
  test('is max-min: where a site gets less than it wants, no other could be held to less than it so that it gets more', () => {
    const wish = fc.array(fc.nat(30), { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), wish, (cpu, wants) => {
        // Everybody waits for all it wants; each in turn is given what the policy says, from nothing.
        const each = { cpuMilli: 1, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };
        const all = wants.map((want, i) => ({ site: SITES[i] ?? '', want }));
        const got = new Map<string, Held>();
        for (const { site, want } of all) {
          const others = all.filter((one) => one.site !== site && !got.has(one.site));
          const s: Situation = {
            total: { cpuMilli: cpu, memoryMiB: 0, diskMiB: 0, networkKbps: 0 },
            held: got,
            waiting: new Map(
              [
                ...others.map((one): [string, number] => [one.site, one.want]),
                ...[...got.keys()].map((of): [string, number] => [
                  of,
                  (all.find((one) => one.site === of)?.want ?? 0) - (got.get(of)?.cpuMilli ?? 0),
                ]),
              ].map(([of, amount]) => [of, { ...each, cpuMilli: amount }]),
            ),
          };
          const { grant } = decide(fair, { site, slice: `${site}_x`, count: want, each, at: 0 }, s);
          got.set(site, { slivers: grant, cpuMilli: grant, memoryMiB: 0, diskMiB: 0, networkKbps: 0 });
        }
        const given = all.map(({ site, want }) => ({ want, has: got.get(site)?.cpuMilli ?? 0 }));
        expect(given.reduce((sum, { has }) => sum + has, 0)).toBeLessThanOrEqual(cpu);
        const short = given.filter(({ want, has }) => has < want);
        for (const { has } of short) for (const other of given) expect(other.has).toBeLessThanOrEqual(has);
        // Nothing that somebody wants lies about, but for what cannot be divided.
        if (short.length > 0) expect(cpu - given.reduce((sum, { has }) => sum + has, 0)).toBeLessThan(wants.length);
      }),
      { numRuns: 2000 },
    );
  });
  test('says what a site holds of what is fair', () => {
    const each = { cpuMilli: 1000, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };
    const has = { ...each, cpuMilli: 40_000, slivers: 40 };
    const s = {
      total: { ...each, cpuMilli: 100_000 },
      held: new Map([['lab', has]]),
      waiting: new Map([['oslo', { ...each, cpuMilli: 70_000 }]]),
    };
    const verdict = decide(fair, { site: 'lab', slice: 'lab_x', count: 20, each, at: 0 }, s);
    expect(verdict.grant).toBe(10);
    expect(sentence(verdict.reason ?? { code: '', facts: {} })).toBe(
      'The site lab holds 40 of the 50 cores of CPU that this agent’s policy gives each site while others wait. Ask for less, pick nodes that another agent offers, or try again when the others have been served.',
    );
  });
});

test('a quota is never exceeded by what is granted, and nothing within it is refused', () => {
  fc.assert(
    fc.property(quotaPolicy, ask, situation, (p, a, s) => {
      const { grant } = decide(p, a, s);
      const most = quotaOf(p, a.site);
      const has = s.held.get(a.site) ?? { slivers: 0, cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };
      const one: Held = { ...a.each, slivers: 1 };
      const within = (n: number) =>
        Object.entries(most).every(([key, limit]) => {
          const counted = key as keyof Held; // keys of a quota are those
          return n * one[counted] === 0 || has[counted] + n * one[counted] <= limit;
        });
      expect(within(grant)).toBe(true);
      if (grant < a.count) expect(within(grant + 1)).toBe(false);
    }),
    { numRuns: 3000 },
  );
});

describe('the lottery', () => {
  test('gives each site its weight’s part of the lots, over seeds', () => {
    const weights = { a: 1, b: 3, c: 4 };
    const runs = 4000;
    for (const [site, weight] of Object.entries(weights)) {
      let won = 0;
      for (let seed = 0; seed < runs; seed++) won += drawn(`seed ${seed}`, 'a_x 7', weights, site, 5);
      const mean = won / (runs * 5);
      const sigma = Math.sqrt(((weight / 8) * (1 - weight / 8)) / (runs * 5));
      expect(Math.abs(mean - weight / 8), site).toBeLessThan(4 * sigma);
    }
  });
  test('a lot is somebody’s: what the sites draw of one adds up, whoever asks', () => {
    const weights = fc.dictionary(fc.constantFrom(...SITES), fc.integer({ min: 0, max: 5 }), { minKeys: 1 });
    fc.assert(
      fc.property(fc.string(), fc.string(), weights, fc.nat(20), (seed, lot, of, count) => {
        fc.pre(Object.values(of).some((weight) => weight > 0));
        const all = Object.keys(of).map((site) => drawn(seed, lot, of, site, count));
        expect(all.reduce((sum, won) => sum + won, 0)).toBe(count);
      }),
    );
  });
  test('can be drawn again from what was recorded; asking again within a drawing changes nothing', () => {
    fc.assert(
      fc.property(lotteryPolicy, ask, situation, (p, a, s) => {
        const verdict = decide(p, a, s);
        if (verdict.record?.kind !== 'lottery') return;
        const { seed, lot, weights } = verdict.record;
        expect(drawn(seed, lot, weights, a.site, a.count)).toBe(verdict.grant);
        const later = a.at - (a.at % 600_000) + 599_999;
        expect(decide(p, { ...a, at: later }, s).grant).toBe(verdict.grant);
      }),
    );
  });
});

test('a slice counts for its site, and another deployment’s for that deployment’s', () => {
  expect(siteOfSlice('urn:publicid:IDN+m+slice+oslo_tides', 'm')).toBe('oslo');
  expect(siteOfSlice('urn:publicid:IDN+m:oslo+slice+oslo_tides', 'm')).toBe('oslo');
  expect(siteOfSlice('urn:publicid:IDN+b.example:oslo+slice+oslo_tides', 'm')).toBe('b.example:oslo');
});
