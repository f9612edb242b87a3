import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusalOf } from '@/test/refused';
import { HARD_RESOURCES, type HardAmounts } from '../resources/vector';
import { MAX_CHAIN_LINKS, SKEW_SECONDS } from '../statement/bounds';
import { type ChainContext, type ChainLink, judgeChain, judgeWindow } from './chain';
import { judgeTicket, type TicketFacts } from './ticket';

const NODE = 'urn:publicid:IDN+m+node+n';
const NOW = 1_800_000_000;
const context = (over: Partial<ChainContext> = {}): ChainContext => ({
  nodeUrn: NODE,
  nodeJkt: 'key0',
  incarnation: 'first',
  now: NOW * 1000,
  revokedKeys: new Set(),
  ...over,
});

// Small numbers, so that equal, less and more all happen often.
const few = fc.integer({ min: 0, max: 4 });
const amounts: fc.Arbitrary<HardAmounts> = fc.record({ cpuMilli: few, memoryMiB: few, diskMiB: few, networkKbps: few });
const term = fc.record({ nbf: fc.integer({ min: -4, max: 1 }), exp: fc.integer({ min: 0, max: 5 }) });
const offer = fc.record({ rights: amounts, term, degreeMilli: fc.constantFrom(1000, 1500, 2000) });

const inside = (child: HardAmounts, parent: HardAmounts) => HARD_RESOURCES.every((r) => child[r] <= parent[r]);

describe('whatever is granted and issued', () => {
  /** Key i grants to key j what it likes; anyone may issue a ticket from any chain it knows, for whatever it likes. */
  const by = fc.oneof(fc.constant(null), fc.constant(null), fc.nat(3)); // null: whoever may
  // Mostly what the giver has, sometimes less, sometimes more: so that long chains that hold are common.
  const change = fc.constantFrom(0, 0, 0, 0, 0, 0, -1, 1);
  const changes = fc.record({
    rights: fc.tuple(change, change, change, change),
    nbf: change,
    exp: change,
    degree: change,
  });
  const grant = fc.record({ kind: fc.constant('grant' as const), by, to: fc.nat(3), from: fc.nat(20), changes });
  const issue = fc.record({
    kind: fc.constant('issue' as const),
    by,
    from: fc.nat(20),
    resources: amounts,
    start: fc.integer({ min: -4, max: 5 }),
    end: fc.integer({ min: -3, max: 6 }),
    graceSeconds: fc.nat(2),
  });

  test('a ticket that is taken lies inside every link up to the node, and each issuer was given what it gave', () => {
    let taken = 0;
    let deepest = 0;
    fc.assert(
      fc.property(fc.array(fc.oneof(grant, issue), { minLength: 1, maxLength: 20, size: 'max' }), (acts) => {
        const capacity = { cpuMilli: 4, memoryMiB: 4, diskMiB: 4, networkKbps: 3 };
        const root = link('key0', 'key1', capacity, { nbf: -4, exp: 5 }, 2000);
        const chains: ChainLink[][] = [[root]];
        for (const act of acts) {
          const from = chains[act.from % chains.length] ?? [root];
          const who = act.by === null ? (from.at(-1)?.granteeJkt ?? '') : `key${act.by}`;
          if (act.kind === 'grant') {
            chains.push([...from, changed(from.at(-1) ?? root, who, `key${act.to}`, act.changes)]);
            continue;
          }
          const ticket = ticketOf(who, act);
          if (refusalOf(() => judgeTicket(ticket, from, { ...context(), holderJkt: 'holder' })) !== 'accepted')
            continue;
          taken++;
          deepest = Math.max(deepest, from.length);
          let holder = 'key0';
          for (const one of from) {
            expect(one.iss).toBe(holder);
            holder = one.granteeJkt;
            expect(inside(ticket.resources, one.rights)).toBe(true);
            expect(one.nbf <= ticket.start && ticket.end + ticket.graceSeconds <= one.exp).toBe(true);
            expect(inside(one.rights, capacity) && one.degreeMilli <= root.degreeMilli).toBe(true);
          }
          expect(ticket.iss).toBe(holder);
        }
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(500); // the property looked at something
    expect(deepest).toBeGreaterThan(2);
  });

  test('a chain is taken exactly when every neighbour narrows, in rights, degree and term', () => {
    const verdicts = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(offer, { minLength: 1, maxLength: 3 }), (offers) => {
        const chain = offers.map((o, i) => link(`key${i}`, `key${i + 1}`, o.rights, o.term, o.degreeMilli));
        const good = chain.every((one, i) => {
          const parent = chain[i - 1];
          const valid = one.nbf < one.exp; // now lies well inside the skew of all
          if (!parent) return valid;
          const narrower = inside(one.rights, parent.rights) && one.degreeMilli <= parent.degreeMilli;
          return valid && narrower && parent.nbf <= one.nbf && one.exp <= parent.exp;
        });
        verdicts[good ? 'accepted' : 'refused']++;
        expect(refusalOf(() => judgeChain(chain, context())) === 'accepted').toBe(good);
      }),
      { numRuns: 10_000 },
    );
    expect(verdicts.accepted).toBeGreaterThan(100);
    expect(verdicts.refused).toBeGreaterThan(100);
  });
});

test('a window forgives 300 s on each side and no more', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10 }),
      fc.integer({ min: 1, max: 10 }),
      fc.integer({ min: -400_000, max: 400_000 }),
      (nbf, length, ms) => {
        const now = nbf * 1000 + ms;
        const end = (nbf + length + SKEW_SECONDS) * 1000;
        const expected = now < (nbf - SKEW_SECONDS) * 1000 ? 'NOT_YET_VALID' : now >= end ? 'EXPIRED' : 'accepted';
        expect(refusalOf(() => judgeWindow(nbf, nbf + length, now))).toBe(expected);
      },
    ),
  );
});

test('a chain has at least one link and at most the bound', () => {
  const chain = (n: number) =>
    Array.from({ length: n }, (_, i) => link(`key${i}`, `key${i + 1}`, zero, { nbf: -1, exp: 1 }, 1000));
  expect(refusalOf(() => judgeChain([], context()))).toBe('STATEMENT_MALFORMED');
  expect(refusalOf(() => judgeChain(chain(MAX_CHAIN_LINKS), context()))).toBe('accepted');
  expect(refusalOf(() => judgeChain(chain(MAX_CHAIN_LINKS + 1), context()))).toBe('CHAIN_TOO_DEEP');
});

test('where the incarnation is not known, the links still have to agree', () => {
  const chain = [
    link('key0', 'key1', zero, { nbf: -1, exp: 1 }, 1000),
    { ...link('key1', 'key2', zero, { nbf: -1, exp: 1 }, 1000), incarnation: 'second' },
  ];
  expect(refusalOf(() => judgeChain(chain.slice(0, 1), context({ incarnation: null })))).toBe('accepted');
  expect(refusalOf(() => judgeChain(chain, context({ incarnation: null })))).toBe('WRONG_INCARNATION');
});

/** What a giver makes of its own link. */
function changed(
  own: ChainLink,
  iss: string,
  to: string,
  by: { rights: [number, number, number, number]; nbf: number; exp: number; degree: number },
): ChainLink {
  const [cpu, memory, disk, network] = by.rights;
  const rights = {
    cpuMilli: own.rights.cpuMilli + cpu,
    memoryMiB: own.rights.memoryMiB + memory,
    diskMiB: own.rights.diskMiB + disk,
    networkKbps: own.rights.networkKbps + network,
  };
  const term = { nbf: own.nbf - NOW + by.nbf, exp: own.exp - NOW + by.exp };
  return link(iss, to, rights, term, own.degreeMilli + 500 * by.degree);
}

const zero: HardAmounts = { cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };

/** Times in the test are offsets from now, in seconds. */
function link(
  iss: string,
  granteeJkt: string,
  rights: HardAmounts,
  t: { nbf: number; exp: number },
  degreeMilli: number,
): ChainLink {
  return {
    iss,
    jti: 'j',
    node: NODE,
    granteeJkt,
    line: granteeJkt,
    rights,
    degreeMilli,
    incarnation: 'first',
    nbf: NOW + t.nbf,
    exp: NOW + t.exp,
  };
}

function ticketOf(
  iss: string,
  t: { resources: HardAmounts; start: number; end: number; graceSeconds: number },
): TicketFacts {
  const [start, end] = [NOW + t.start, NOW + t.end];
  return {
    iss,
    jti: 't',
    aud: NODE,
    cnf: { jkt: 'holder' },
    resources: t.resources,
    start,
    end,
    graceSeconds: t.graceSeconds,
    nbf: NOW,
    exp: NOW + 1,
  };
}
