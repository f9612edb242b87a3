import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HardAmounts } from '../resources/vector';
import type { GrantingPolicy } from './policy';
import { type PastRequest, replay } from './replay';

const one: HardAmounts = { cpuMilli: 1, memoryMiB: 1, diskMiB: 1, networkKbps: 1 };
const of = (n: number) => ({ cpuMilli: n, memoryMiB: n, diskMiB: n, networkKbps: n });
const request = (
  at: number,
  site: string,
  asked: number,
  granted: number,
  more: Partial<PastRequest> = {},
): PastRequest => ({
  at,
  until: at + 1_000_000,
  site,
  slice: `${site}_${at}`,
  asked,
  granted,
  each: one,
  ...more,
});
const POLICIES: GrantingPolicy[] = [
  { kind: 'first-come' },
  { kind: 'fair-share', waitSeconds: 3600 },
  { kind: 'quota', each: { slivers: 3 }, sites: {} },
  { kind: 'lottery', weight: 1, sites: { a: 3 }, seed: 's', drawSeconds: 600, waitSeconds: 3600 },
];

test('first come gives what there is room for, and again when it is free', () => {
  const history = [request(0, 'a', 8, 8, { until: 50 }), request(10, 'b', 5, 2), request(60, 'c', 5, 5)];
  const { sites, deniedCount } = replay({ kind: 'first-come' }, history, of(10));
  expect(sites).toEqual([
    { site: 'a', requests: 1, asked: 8, granted: 8, would: 8 },
    { site: 'b', requests: 1, asked: 5, granted: 2, would: 2 },
    { site: 'c', requests: 1, asked: 5, granted: 5, would: 5 },
  ]);
  expect(deniedCount).toBe(0);
});

test('a quota would have given less, and says to whom and why', () => {
  const { sites, denied } = replay(
    { kind: 'quota', each: { slivers: 3 }, sites: { b: { slivers: 9 } } },
    [request(0, 'a', 8, 8), request(1, 'b', 5, 2)],
    of(10),
  );
  expect(sites.map(({ site, would }) => [site, would])).toEqual([
    ['a', 3],
    ['b', 5],
  ]);
  expect(denied).toMatchObject([{ site: 'a', would: 3, reason: { code: 'POLICY_DENIED' } }]);
});

test('a next try asks only for what was not given before', () => {
  const slice = 'a_x';
  const history = [
    request(0, 'b', 8, 8, { until: 2 }),
    request(1, 'a', 5, 0, { slice }),
    request(2, 'a', 5, 5, { slice }),
  ];
  const { sites } = replay({ kind: 'first-come' }, history, of(10));
  expect(sites.find(({ site }) => site === 'a')).toEqual({ site: 'a', requests: 2, asked: 8, granted: 5, would: 5 });
});

test('whatever the policy, no more is out at any time than there is, and none of it is counted twice', () => {
  const past = fc
    .record({ at: fc.nat(100), length: fc.nat(60), site: fc.constantFrom('a', 'b', 'c'), asked: fc.nat(9) })
    .map(({ at, length, site, asked }) => request(at, site, asked, 0, { until: at + length }));
  fc.assert(
    fc.property(
      fc.constantFrom(...POLICIES),
      fc.array(past, { maxLength: 30 }),
      fc.nat(12),
      (policy, history, total) => {
        const distinct = history.map((r, i) => ({ ...r, slice: `${r.site}_${i}` }));
        // Each request alone against those before it that are still out.
        const sorted = distinct.toSorted((a, b) => a.at - b.at);
        const out: { until: number; would: number }[] = [];
        for (let i = 0; i < sorted.length; i++) {
          const upTo = sorted.slice(0, i + 1);
          const sum = (all: PastRequest[]) => replay(policy, all, of(total)).sites.reduce((n, s) => n + s.would, 0);
          const would = sum(upTo) - sum(upTo.slice(0, -1));
          const now = sorted[i];
          if (!now) continue;
          expect(would).toBeGreaterThanOrEqual(0);
          if (now.until > now.at) out.push({ until: now.until, would });
          expect(out.filter((one) => one.until > now.at).reduce((n, one) => n + one.would, 0)).toBeLessThanOrEqual(
            total,
          );
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('ten thousand requests of two hundred sites are played again quickly', { timeout: 60_000 }, () => {
  const history = Array.from({ length: 10_000 }, (_, i) => {
    const until = i * 60_000 + 3_600_000 * (1 + (i % 30));
    return request(i * 60_000, `s${(i * 7919) % 200}`, 1 + (i % 20), i % 20, { until });
  });
  const began = process.cpuUsage();
  expect(replay({ kind: 'fair-share', waitSeconds: 3600 }, history, of(4000)).sites).toHaveLength(200);
  expect(process.cpuUsage(began).user / 1000).toBeLessThan(5000); // of this process, whatever else runs; in ms
});
