import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NOTHING } from '../resources/vector';
import { excessOf, type Shown } from './excess';
import { issuedDelegation, issuedTicket, limitOf } from './issued';
import { type Evidence, excessOfPassingOn, mayIssue } from './may-issue';
import { overIssuers } from './over-issuers';
import { tailOf, type Word } from './word';

/**
 * Everybody but the honest issuer is one adversary: it delegates to it as it likes, wide or narrow; asks it for whatever tickets and
 * delegations; gives it whatever words "of the node" it likes, true or not, of any time; and shows of what the issuer signed whatever it likes.
 */
type Act =
  | { do: 'link'; limit: number; degreeMilli: number }
  | { do: 'ticket'; link: number; cpu: number; disk: number; start: number; length: number; exp: number; replaces: number | null }
  | { do: 'pass'; link: number; to: number; rights: number; degreeMilli: number; start: number; length: number }
  | { do: 'over'; of: number }
  | { do: 'standing'; asOf: number; live: number[]; ended: number[] }
  | { do: 'revoked'; of: number; until: number }; // biome-ignore format: a table of acts

const index = fc.nat(30);
const act: fc.Arbitrary<Act> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('link' as const), limit: fc.integer({ min: 1, max: 12 }), degreeMilli: fc.constantFrom(1000, 1500, 2000) }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constant('ticket' as const), link: index, cpu: fc.nat(6), disk: fc.nat(6), start: fc.nat(20), length: fc.integer({ min: 1, max: 20 }), exp: fc.nat(800), replaces: fc.option(index, { freq: 3 }) }), weight: 8 },
  { arbitrary: fc.record({ do: fc.constant('pass' as const), link: index, to: fc.nat(2), rights: fc.integer({ min: 1, max: 8 }), degreeMilli: fc.constantFrom(1000, 2000), start: fc.nat(20), length: fc.integer({ min: 1, max: 30 }) }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('over' as const), of: index }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('standing' as const), asOf: fc.nat(1200), live: fc.array(index, { maxLength: 6 }), ended: fc.array(index, { maxLength: 6 }) }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('revoked' as const), of: index, until: fc.nat(40) }), weight: 1 },
); // biome-ignore format: a table of acts

type Rule = { ticket: typeof mayIssue; pass: typeof excessOfPassingOn; embeds: boolean };
const HONEST: Rule = { ticket: mayIssue, pass: excessOfPassingOn, embeds: true };

const amountsOf = (cpuMilli: number, diskMiB = cpuMilli) => ({ ...NOTHING, cpuMilli, diskMiB });
const pick = <T>(from: readonly T[], i: number): T | undefined => from[i % Math.max(1, from.length)];

/** What an issuer that keeps to the rule signs, whatever it is told and asked. */
function signedBy(acts: readonly Act[], rule: Rule = HONEST): Shown[] {
  const links = [{ rights: amountsOf(8), degreeMilli: 1000 }];
  const signed: Shown[] = [];
  const receipts: Evidence[] = [];
  const takenBack = new Set<string>();
  let standing: Evidence | null = null;
  for (const a of acts) {
    const link = 'link' in a ? pick(links, a.link) : undefined;
    const id = `statement-${signed.length}-of-the-issuer`;
    if (a.do === 'link') links.push({ rights: amountsOf(a.limit), degreeMilli: a.degreeMilli });
    else if (a.do === 'over') receipts.push(evidence({ kind: 'over', jti: idOf(a.of) }));
    else if (a.do === 'standing') {
      const live = new Set(a.live.map((of) => tailOf(idOf(of))));
      const revoked = new Map(a.ended.slice(1).map((of) => [idOf(of), a.asOf % 40]));
      for (const jti of revoked.keys()) takenBack.add(jti);
      standing = evidence({ kind: 'standing', asOf: a.asOf, live, ended: new Set(a.ended.map(idOf)), revoked });
    } else if (a.do === 'revoked') {
      receipts.push(evidence({ kind: 'revoked', jti: idOf(a.of), until: a.until }));
      takenBack.add(idOf(a.of));
    } else if (link && a.do === 'ticket') {
      const replaces = a.replaces === null ? undefined : idOf(a.replaces);
      const end = a.start + a.length;
      const terms = { jti: id, resources: amountsOf(a.cpu, a.disk), start: a.start, end, graceSeconds: 0, exp: a.exp };
      const want = { ...issuedTicket({ ...terms, replaces }), limit: limitOf(link) };
      const verdict = rule.ticket(want, signed, standing, receipts, 5000);
      if (verdict.ok) signed.push({ ...want, words: rule.embeds ? verdict.clears.map((one) => one.word) : [] });
    } else if (link && a.do === 'pass') {
      const terms = {
        jti: id,
        granteeJkt: `to-${a.to}`,
        line: 'line',
        rights: amountsOf(a.rights),
        degreeMilli: a.degreeMilli,
      };
      const want = { ...issuedDelegation({ ...terms, nbf: a.start, exp: a.start + a.length }), limit: limitOf(link) };
      if (!rule.pass(want, signed, takenBack)) signed.push({ ...want, words: [] });
    }
  }
  return signed;
}
const idOf = (i: number) => `statement-${i}-of-the-issuer`;
const evidence = (word: Word): Evidence => ({ word, bytes: 700 });
const blamed = (items: readonly Shown[]) => overIssuers([{ from: 'node', issuer: 'honest', line: 'line', items }]);

const story = fc.tuple(fc.array(act, { maxLength: 40 }), fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }));
const never = (rule: Rule) =>
  fc.property(story, ([acts, shown]) => {
    const signed = signedBy(acts, rule);
    expect(blamed(signed)).toEqual([]);
    expect(blamed(signed.filter((_, i) => shown[i]))).toEqual([]);
  });

describe('an honest issuer', () => {
  test('is never named, whatever keys the others have and whatever they show', () => {
    fc.assert(never(HONEST), { numRuns: 1500 });
  });

  test.each([
    ['forgets to carry the words that it goes by', { ...HONEST, embeds: false }],
    ['frees what lapsed by its own clock', { ...HONEST, ticket: byTimeAlone }],
    ['passes on without looking', { ...HONEST, pass: () => null }],
    ['takes a promise that was taken back for one that stands', { ...HONEST, pass: (want, before) => excessOfPassingOn(want, before, new Set()) }],
  ] satisfies [string, Rule][])('is another than one that %s', (_, rule) => {
    expect(fc.check(never(rule), { numRuns: 20_000, seed: 1 }).failed).toBe(true);
  }); // biome-ignore format: a table of faults
});

/** What the agent did once: a ticket whose window is over holds nothing, says its clock. */
function byTimeAlone<E extends Evidence>(...[want, before, standing, receipts, room]: Parameters<typeof mayIssue<E>>) {
  return mayIssue(want, before.filter((one) => one.exp > 400), standing, receipts, room); // biome-ignore format: one line
}

describe('an issuer that issues more than it was given', () => {
  const tickets = fc.array(fc.record({ cpu: fc.integer({ min: 1, max: 6 }), start: fc.nat(20), length: fc.integer({ min: 1, max: 20 }), word: fc.option(fc.nat(20)) }), { minLength: 1, maxLength: 14 });

  test('is named by an honest node’s proof, also when it carries true words of that node', () => {
    fc.assert(
      fc.property(tickets, fc.integer({ min: 1, max: 12 }), (wishes, limit) => {
        const node = new HonestNode();
        for (const [i, { cpu, start, length, word }] of wishes.entries()) {
          const terms = { jti: idOf(i), resources: amountsOf(Math.min(cpu, limit)), start, end: start + length, graceSeconds: 0, exp: 0 };
          const words = word === null ? [] : [node.standing(word)];
          const refusal = node.redeem({ ...issuedTicket(terms), limit: amountsOf(limit), words });
          if (refusal) expect(blamed(refusal)).toMatchObject([{ issuer: 'honest', excess: { limit } }]);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('is not hidden by a link that was widened, nor by one that was narrowed, when what it shows is too much for both', () => {
    const item = (i: number, cpu: number, limit: number): Shown => ({
      ...issuedTicket({ jti: idOf(i), resources: amountsOf(cpu), start: 0, end: 10, graceSeconds: 5, exp: 5 }),
      limit: amountsOf(limit),
      words: [],
    });
    expect(blamed([item(0, 80, 100), item(1, 40, 100)])).toMatchObject([{ excess: { at: 0, until: 15, issued: 120, limit: 100 } }]);
    expect(blamed([item(0, 80, 100), item(1, 40, 50)])).toHaveLength(1);
    expect(blamed([item(0, 40, 50), item(1, 60, 100)])).toEqual([]);
    // Narrowed with more out than the new limit: nothing more was signed, nobody is to blame.
    expect(blamed([item(0, 80, 100), item(1, 20, 100)])).toEqual([]);
  });

  test('is judged in little time, however its proof is made', () => {
    // Each can only be explained once the one after it is: the most rounds that there can be.
    const items: Shown[] = Array.from({ length: 150 }, (_, i) => ({
      ...issuedTicket({ jti: idOf(i), resources: amountsOf(1), start: 0, end: 10 + i, graceSeconds: 0, exp: 0 }),
      limit: amountsOf(i + 1),
      words: [],
    }));
    const began = performance.now();
    expect(blamed(items)).toEqual([]);
    expect(blamed([...items, { ...items[0], jti: 'one-more', group: 'one-more', limit: amountsOf(1) } as Shown])).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
}); // biome-ignore format: tables

/** Leases what fits under one link, and gives true words; its clock stands after all redeem windows. */
class HonestNode {
  private readonly live: Shown[] = [];

  /** The proof of a refusal; null when it is leased. */
  redeem(ticket: Shown): Shown[] | null {
    const fits = !excessOf({ ...ticket, words: [] }, this.live);
    if (!fits) return [...this.live, ticket];
    this.live.push(ticket);
    return null;
  }

  standing(ended: number): Word {
    const live = new Set(this.live.map((one) => tailOf(one.jti)));
    return {
      kind: 'standing',
      asOf: 0,
      live,
      ended: ended < 5 ? new Set([`ended-${ended}`]) : new Set(),
      revoked: new Map(),
    };
  }
}
