import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusalOf } from '@/test/refused';
import { HARD_RESOURCES, type HardAmounts, NOTHING, oversubscribed } from '../resources/vector';
import { MAX_CHAIN_LINKS } from '../statement/bounds';
import { linkKey, type PathContext, type PathLink, type PathWish, pathTo } from './path';
import { judgeTicket } from './ticket';

const NODE = 'urn:publicid:IDN+m+node+n';
const NOW = 1_800_000_000;
const context = (over: Partial<PathContext> = {}): PathContext => ({
  nodeUrn: NODE,
  nodeJkt: 'key0',
  incarnation: 'first',
  now: NOW * 1000,
  revokedKeys: new Set(),
  revokedLinks: new Set(),
  ...over,
});
const full = (n: number): HardAmounts => ({ cpuMilli: n, memoryMiB: n, diskMiB: n, networkKbps: n });
const link = (id: string, iss: string, granteeJkt: string, over: Partial<PathLink> = {}): PathLink => ({
  id,
  jti: id,
  iss,
  granteeJkt,
  parentId: null,
  line: granteeJkt,
  node: NODE,
  rights: full(4),
  degreeMilli: 1000,
  incarnation: 'first',
  nbf: NOW - 1000,
  exp: NOW + 1000,
  claimed: NOTHING,
  ...over,
});
const wish = (over: Partial<PathWish> = {}): PathWish => ({
  issuerJkt: 'key1',
  slivers: 1,
  amounts: full(1),
  start: NOW,
  end: NOW + 500,
  ...over,
});

/** Every order of every set of links, judged as a node judges the tickets, and each link's book beside. */
function bruteForce(links: readonly PathLink[], want: PathWish, ctx: PathContext): boolean {
  const tries = (chain: readonly PathLink[]): boolean => {
    if (chain.length > 0 && holds(chain, want, ctx)) return true;
    if (chain.length === MAX_CHAIN_LINKS) return false;
    return links.some((next) => next.parentId === (chain.at(-1)?.id ?? null) && tries([...chain, next]));
  };
  return tries([]);
}

function holds(chain: readonly PathLink[], want: PathWish, ctx: PathContext): boolean {
  const { issuerJkt, amounts, start, end, slivers } = want;
  const ticket = { iss: issuerJkt, jti: 't', aud: NODE, cnf: { jkt: 'holder' }, resources: amounts };
  const times = { start, end, graceSeconds: 0, nbf: NOW, exp: Math.min(NOW + 100, end, chain.at(-1)?.exp ?? 0) };
  if (refusalOf(() => judgeTicket({ ...ticket, ...times }, chain, { ...ctx, holderJkt: 'holder' })) !== 'accepted')
    return false;
  return chain.every((one) => {
    if (ctx.revokedLinks.has(linkKey(one))) return false;
    const limit = oversubscribed(one.rights, one.degreeMilli);
    return HARD_RESOURCES.every((r) => one.claimed[r] + slivers * amounts[r] <= limit[r]);
  });
}

describe('against trying every chain', () => {
  const few = fc.integer({ min: 0, max: 3 });
  const amounts = fc.record({ cpuMilli: few, memoryMiB: few, diskMiB: few, networkKbps: few });
  // Most links follow well from their parent, so that paths that hold are common; each may differ in one thing.
  const seed = fc.record({
    // Mostly the link before it, so that long chains are common.
    parent: fc.constantFrom(null, 0, 1, 1, 1, 1, 2),
    to: fc.integer({ min: 1, max: 9 }),
    odd: fc.constantFrom(
      ...Array<string>(20).fill(''),
      ...['iss', 'rights', 'nbf', 'exp', 'degree', 'incarnation', 'node', 'spent'],
    ),
    claimed: fc.oneof({ weight: 4, arbitrary: fc.constant(NOTHING) }, { weight: 1, arbitrary: amounts }),
    degreeMilli: fc.constantFrom(1000, 2000),
  });
  const asked = fc.record({
    of: fc.nat(8),
    slivers: fc.constantFrom(1, 1, 2),
    amounts: fc.oneof(fc.constant(full(1)), amounts),
    start: fc.integer({ min: -2, max: 3 }),
    length: fc.constantFrom(1, 2, 3, 8),
  });

  test('the same answer, and a first broken link that is one', () => {
    const seen = { may: 0, not: 0, deep: 0, broken: 0 };
    fc.assert(
      fc.property(
        fc.array(seed, { minLength: 1, maxLength: 8 }),
        asked,
        fc.subarray(['key0', 'key1', 'key2', 'key3'], { maxLength: 1 }),
        fc.option(fc.nat(7), { freq: 2 }),
        fc.nat(9),
        (seeds, { of, slivers, amounts: each, start, length }, keys, taken, loop) => {
          const links = grow(seeds);
          // A loop of parents, as only a damaged database has one.
          const first = links[0];
          if (loop === 0 && first && links.length > 1) first.parentId = `l${links.length - 1}`;
          const ctx = context({
            revokedKeys: new Set(taken === null ? [] : keys),
            revokedLinks: new Set(taken !== null && links[taken] ? [linkKey(links[taken])] : []),
          });
          const want = {
            issuerJkt: links[of]?.granteeJkt ?? 'key7',
            slivers,
            amounts: each,
            start: NOW + start,
            end: NOW + start + length,
          };
          const answer = pathTo(links, want, ctx);
          expect(answer.may).toBe(bruteForce(links, want, ctx));
          seen[answer.may ? 'may' : 'not']++;
          if (answer.may) {
            expect(answer.path.every((step) => step.verdict === 'holds')).toBe(true);
            expect(answer.path.at(-1)?.link.granteeJkt).toBe(want.issuerJkt);
            if (answer.path.length > 2) seen.deep++;
            return;
          }
          expect(answer.reason).not.toBeNull();
          const at = answer.path.findIndex((step) => step.verdict === 'broken');
          if (at < 0) return;
          seen.broken++;
          // What stands before it would hold, were that link's grantee the one who asks; with it nothing does.
          const before = answer.path.slice(0, at).map((step) => step.link);
          const with_ = answer.path.slice(0, at + 1).map((step) => step.link);
          const as = (chain: PathLink[]) => ({ ...want, issuerJkt: chain.at(-1)?.granteeJkt ?? '' });
          if (before.length > 0) expect(holds(before, as(before), ctx)).toBe(true);
          expect(with_[0]?.parentId === null && with_.length <= 8 && holds(with_, as(with_), ctx)).toBe(false);
          expect(answer.path.slice(at + 1).every((step) => step.verdict === 'not judged')).toBe(true);
        },
      ),
      { numRuns: 6000 },
    );
    for (const n of Object.values(seen)) expect(n).toBeGreaterThan(60);
  });

  function grow(seeds: readonly (typeof seed extends fc.Arbitrary<infer T> ? T : never)[]): PathLink[] {
    const links: PathLink[] = [];
    for (const [i, { parent: at, to, odd, claimed, degreeMilli }] of seeds.entries()) {
      const parent = at === null ? undefined : links[i - at];
      const from = parent ?? { granteeJkt: 'key0', rights: full(4), nbf: NOW - 2, exp: NOW + 8, degreeMilli: 2000 };
      const more = (n: number, by: number) => (odd === 'rights' ? n + by : n);
      links.push(
        link(`l${i}`, odd === 'iss' ? 'key9' : from.granteeJkt, `key${to}`, {
          parentId: parent?.id ?? null,
          rights: { ...from.rights, cpuMilli: more(from.rights.cpuMilli, 1) },
          nbf: from.nbf - (odd === 'nbf' ? 1 : 0),
          exp: from.exp + (odd === 'exp' ? 1 : 0),
          degreeMilli: odd === 'degree' ? from.degreeMilli + 1 : Math.min(degreeMilli, from.degreeMilli),
          incarnation: odd === 'incarnation' ? 'second' : 'first',
          node: odd === 'node' ? `${NODE}2` : NODE,
          claimed: odd === 'spent' ? full(9) : claimed,
        }),
      );
    }
    return links;
  }
});

test('says which link is broken, and why', () => {
  const root = link('root', 'key0', 'key1');
  const child = link('child', 'key1', 'key2', { parentId: 'root', rights: full(2), claimed: full(2) });
  const ask = (over: Partial<PathWish>, ctx: Partial<PathContext> = {}) => {
    const { may, path, reason } = pathTo([root, child], wish(over), context(ctx));
    return [may, path.map((step) => step.verdict).join(' '), reason?.code ?? null];
  };
  expect(ask({})).toEqual([true, 'holds', null]);
  expect(ask({ issuerJkt: 'key2' })).toEqual([false, 'holds broken', 'DELEGATION_SPENT']);
  expect(ask({ issuerJkt: 'key2', amounts: full(3) })).toEqual([false, 'holds broken', 'EXCEEDS_PARENT']);
  expect(ask({ issuerJkt: 'key2', end: NOW + 2000 })).toEqual([false, 'broken not judged', 'EXCEEDS_PARENT']);
  expect(ask({ issuerJkt: 'key2' }, { revokedLinks: new Set(['key0/root']) })).toEqual([
    false,
    'broken not judged',
    'REVOKED',
  ]);
  expect(ask({}, { incarnation: 'second' })).toEqual([false, 'broken', 'WRONG_INCARNATION']);
  expect(ask({ issuerJkt: 'key7' })).toEqual([false, '', 'NOT_DELEGATED']);
  expect(ask({ end: NOW })).toEqual([false, '', 'LEASE_OVER']);
});

test('of two paths the one that holds is shown, else the one that comes nearest', () => {
  const short = link('short', 'key0', 'key1', { exp: NOW + 100 });
  const long = link('long', 'key0', 'key1');
  expect(pathTo([short, long], wish(), context())).toMatchObject({ may: true, others: 1, path: [{ link: long }] });
  const viaOther = link('via', 'key3', 'key1', { parentId: 'gone' });
  expect(pathTo([viaOther, short], wish(), context()).reason?.code).toBe('EXCEEDS_PARENT');
});
