import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Refused } from '@/core/errors';
import { OPEN_POLICY } from '@/core/node/owner-policy';
import { HARD_RESOURCES, type HardAmounts } from '@/core/resources/vector';
import { DEFAULT_RESOURCES } from '@/protocol/resources';
import { generateIdentityKey } from '@/protocol/statement/keys';
import type { VerifiedTicket } from '@/protocol/statement/ticket';
import { Books } from './books';
import { claimOf } from './claim';
import {
  applyEvent,
  emptyNode,
  fromSnapshot,
  type NodeEvent,
  type NodeState,
  snapshotOf,
  ticketKey,
} from './node-state';
import { makeLease, makeReceipt, newStatementId } from './redeem';

const key = generateIdentityKey();
const NODE = 'urn:publicid:IDN+meridian:lab+node+n';
const CAPACITY: HardAmounts = { cpuMilli: 1000, memoryMiB: 1000, diskMiB: 1000, networkKbps: 1000 };
const LINK_RIGHTS: HardAmounts = { ...CAPACITY, cpuMilli: 600 };
const OFFER = { images: ['tiny'], profiles: ['standard'], owner: OPEN_POLICY, maxTermSeconds: 1000 };
const issuers = ['i'.repeat(43), 'j'.repeat(43)];

type Act =
  | {
      do: 'redeem';
      issuer: number;
      jti: number;
      slice: number;
      start: number;
      length: number;
      grace: number;
      amount: number;
    }
  | { do: 'release'; slice: number }
  | { do: 'burn'; issuer: number; jti: number }
  | { do: 'restart' };
const small = (max: number) => fc.nat(max);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('redeem' as const),
      issuer: small(1),
      jti: small(12),
      slice: small(6),
      start: small(30),
      length: fc.integer({ min: 1, max: 30 }),
      grace: small(5),
      amount: fc.integer({ min: 1, max: 500 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), slice: small(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('burn' as const), issuer: small(1), jti: small(12) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
);
const jtiOf = (n: number) => `ticket-${n}`.padEnd(16, '-');

function ticketOf(a: Extract<Act, { do: 'redeem' }>): VerifiedTicket {
  const iss = issuers[a.issuer] ?? '';
  const amounts = { cpuMilli: a.amount, memoryMiB: a.amount, diskMiB: a.amount, networkKbps: a.amount };
  const claims = {
    iss, jti: jtiOf(a.jti), sub: 'urn:publicid:IDN+meridian+user+u', cnf: { jkt: 'h'.repeat(43) }, aud: NODE, slice: `urn:publicid:IDN+meridian+slice+lab_s${a.slice}`,
    resources: { ...DEFAULT_RESOURCES, ...amounts }, start: a.start, end: a.start + a.length, graceSeconds: a.grace, nbf: 0, exp: 100, chain: ['d'],
  }; // biome-ignore format: a table of claims
  const link = (rights: HardAmounts, jti: string) => ({
    iss,
    jti,
    granteeJkt: jti,
    line: jti,
    rights,
    degreeMilli: 1000,
  });
  // Judged elsewhere; here only what a lease is charged to matters.
  const chain = [link(CAPACITY, 'root'), link(LINK_RIGHTS, `link-${a.issuer}`)] as unknown as VerifiedTicket['chain'];
  return { claims, chain };
}

/** What is wrong at any instant. Load rises only where a lease starts, so only starts are looked at. */
function violations(state: NodeState): string[] {
  const leases = [...state.leases.values()];
  const found: string[] = [];
  for (const at of new Set(leases.map((l) => claimOf(l).start))) {
    const now = leases.filter((l) => claimOf(l).start <= at && at < claimOf(l).end);
    const sum = (of: typeof leases, r: keyof HardAmounts) => of.reduce((total, l) => total + l.resources[r], 0);
    for (const r of HARD_RESOURCES) {
      if (sum(now, r) > CAPACITY[r]) found.push(`${r} of the node at ${at}`);
      for (const iss of issuers)
        if (
          sum(
            now.filter((l) => l.ticket.iss === iss),
            r,
          ) > LINK_RIGHTS[r]
        )
          found.push(`${r} of ${iss} at ${at}`);
    }
    if (new Set(now.map((l) => l.slice)).size < now.length) found.push(`a slice twice at ${at}`);
  }
  return found;
}

describe('a node, whatever is asked of it', () => {
  test('never leases more than it has, never more than a link was given, never a ticket twice, never a slice twice', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        let state = emptyNode();
        let books = new Books(NODE, CAPACITY, []);
        const log: NodeEvent[] = [];
        const record = (event: NodeEvent) => {
          log.push(event);
          applyEvent(state, event);
        };
        const redeemed = new Set<string>();
        record({ t: 'born', at: 0, incarnation: newStatementId() });
        for (const a of acts) {
          if (a.do === 'redeem') {
            const ticket = ticketOf(a);
            const id = ticketKey(ticket.claims);
            try {
              const lease = makeLease({ urn: NODE, key, state }, books, OFFER, ticket, `${id}`, 0);
              expect(redeemed.has(id), 'redeemed twice').toBe(false);
              redeemed.add(id);
              record({ t: 'leased', at: 0, lease });
              books.enter(lease);
            } catch (err) {
              if (!(err instanceof Refused)) throw err;
            }
          } else if (a.do === 'release') {
            for (const lease of [...state.leases.values()].filter((l) => l.slice.endsWith(`s${a.slice}`))) {
              const receipt = makeReceipt(
                { urn: NODE, key, state },
                {
                  kind: 'released',
                  slice: lease.slice,
                  ticket: lease.ticket,
                  lease: lease.jti,
                  code: 'RELEASED',
                  facts: {},
                },
                0,
              );
              record({ t: 'ended', at: 0, lease: lease.jti, receipt });
              books.strike(lease);
            }
          } else if (a.do === 'burn') {
            record({ t: 'burnt', at: 0, iss: issuers[a.issuer] ?? '', jti: jtiOf(a.jti), receipt: 'r' });
            redeemed.add(ticketKey({ iss: issuers[a.issuer] ?? '', jti: jtiOf(a.jti) }));
          } else {
            const replayed = emptyNode();
            for (const event of [...log, ...log.slice(-2)]) applyEvent(replayed, event); // and some of it twice
            expect(replayed).toEqual(state);
            state = fromSnapshot(JSON.parse(JSON.stringify(snapshotOf(state))));
            expect(state).toEqual(replayed);
            books = new Books(NODE, CAPACITY, state.leases.values());
          }
          const wrong = violations(state);
          if (wrong.length > 0) throw new Error(wrong.join('; '));
        }
      }),
      { numRuns: 60 },
    );
  });
});
