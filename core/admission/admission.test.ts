import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sentence } from '../refusal-sentence';
import { HARD_RESOURCES, type HardAmounts } from '../resources/vector';
import { admissionBook, admit, type Claim, earliestFit, freeAt, nodeFull, peakUse } from './admission';
import { fitOf } from './fit';

const CAPACITY: HardAmounts = { cpuMilli: 6, memoryMiB: 5, diskMiB: 4, networkKbps: 7 };
const HORIZON = 16;
const amounts = fc.record({
  cpuMilli: fc.nat(6),
  memoryMiB: fc.nat(5),
  diskMiB: fc.nat(4),
  networkKbps: fc.nat(8),
});
const claim: fc.Arbitrary<Claim> = fc
  .record({ start: fc.nat(HORIZON - 1), length: fc.integer({ min: 1, max: 6 }), amounts })
  .map(({ start, length, amounts: a }) => ({ start, end: start + length, amounts: a }));

/** What is held at one instant: the definition, looked at claim by claim. */
const heldAt = (held: readonly Claim[], at: number, r: keyof HardAmounts) =>
  held.filter((c) => c.start <= at && at < c.end).reduce((sum, c) => sum + c.amounts[r], 0);
const instants = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Claims that were let in one after the other, as a node does. */
const admitted = fc.array(claim, { maxLength: 25, size: 'max' }).map((all) => {
  const held: Claim[] = [];
  for (const c of all) if (admit(CAPACITY, held, c).ok) held.push(c);
  return held;
});

const bookWith = (held: readonly Claim[]) => {
  const book = admissionBook(CAPACITY);
  for (const [i, c] of held.entries()) book.add(String(i), c);
  return book;
};

describe('admission', () => {
  test('agrees with checking every instant', () => {
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(admitted, claim, (held, want) => {
        const fits = HARD_RESOURCES.every((r) =>
          instants(want.start, want.end).every((t) => heldAt([...held, want], t, r) <= CAPACITY[r]),
        );
        seen[fits ? 'yes' : 'no']++;
        expect(admit(CAPACITY, held, want).ok).toBe(fits);
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(200);
  });

  test('never lets more in than there is, at any instant', () => {
    fc.assert(
      fc.property(admitted, (held) => {
        for (const t of instants(0, HORIZON + 6))
          for (const r of HARD_RESOURCES) expect(heldAt(held, t, r)).toBeLessThanOrEqual(CAPACITY[r]);
      }),
    );
  });

  test('a no is true: the resource, what is free then, since when and until when', () => {
    fc.assert(
      fc.property(admitted, claim, (held, want) => {
        const v = admit(CAPACITY, held, want);
        if (v.ok) return;
        const room = (t: number) => CAPACITY[v.resource] - heldAt(held, t, v.resource);
        expect(v.wants).toBe(want.amounts[v.resource]);
        expect(v.capacity).toBe(CAPACITY[v.resource]);
        if (v.until === null) {
          expect(v.wants).toBeGreaterThan(v.capacity);
          return;
        }
        expect(instants(want.start, v.from).every((t) => room(t) >= v.wants)).toBe(true);
        const stretch = instants(v.from, v.until);
        expect(stretch.every((t) => room(t) < v.wants)).toBe(true);
        expect(Math.min(...stretch.map(room))).toBe(v.free);
        expect(room(v.until)).toBeGreaterThanOrEqual(v.wants);
      }),
      { numRuns: 5000 },
    );
  });

  test('what touches does not overlap', () => {
    const all = { ...CAPACITY };
    expect(admit(CAPACITY, [{ start: 0, end: 5, amounts: all }], { start: 5, end: 9, amounts: all }).ok).toBe(true);
    expect(admit(CAPACITY, [{ start: 0, end: 5, amounts: all }], { start: 4, end: 9, amounts: all }).ok).toBe(false);
  });

  test('a node that holds too much (its capacity shrank) still takes what costs nothing', () => {
    const held = [{ start: 0, end: 9, amounts: { ...CAPACITY, cpuMilli: 99 } }];
    const nothing = { cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };
    expect(admit(CAPACITY, held, { start: 0, end: 9, amounts: nothing }).ok).toBe(true);
    expect(admit(CAPACITY, held, { start: 0, end: 9, amounts: { ...nothing, cpuMilli: 1 } })).toMatchObject({
      ok: false,
      free: 0,
    });
    expect(freeAt(CAPACITY, held, 1).cpuMilli).toBe(0);
  });

  test('a no reads as UI.md says', () => {
    const capacity = { cpuMilli: 1000, memoryMiB: 4096, diskMiB: 1, networkKbps: 1 };
    const at = (h: number) => Date.UTC(2026, 0, 15, h);
    const held = [{ start: at(0), end: at(14), amounts: { cpuMilli: 0, memoryMiB: 3584, diskMiB: 0, networkKbps: 0 } }];
    const want = { start: at(9), end: at(20), amounts: { cpuMilli: 0, memoryMiB: 2048, diskMiB: 0, networkKbps: 0 } };
    const verdict = admit(capacity, held, want);
    expect(verdict).toEqual({
      ok: false,
      resource: 'memoryMiB',
      wants: 2048,
      free: 512,
      capacity: 4096,
      from: at(9),
      until: at(14),
    });
    if (verdict.ok) return;
    expect(sentence(nodeFull(verdict, 'node3.tokyo').reason, at(9))).toBe(
      'node3.tokyo is full. It has 512 of the 2,048 MiB of memory you asked for until 14:00 UTC. Pick another node or ask for less.',
    );
  });
});

describe('a dry run', () => {
  test('says yes as admission does, and of a no what would fit, and when', () => {
    const seen = { yes: 0, later: 0, never: 0 };
    fc.assert(
      fc.property(admitted, claim, (held, want) => {
        const book = bookWith(held);
        const fit = fitOf(book, want);
        const span = { start: want.start, end: want.end };
        expect(fit.fits).toBe(admit(CAPACITY, held, want).ok);
        // All of the room fits at once, and one more of any resource does not.
        expect(book.admit({ ...span, amounts: fit.room }).ok).toBe(true);
        for (const r of HARD_RESOURCES) {
          const amounts = { cpuMilli: 0, memoryMiB: 0, diskMiB: 0, networkKbps: 0, [r]: fit.room[r] + 1 };
          expect(book.admit({ ...span, amounts }).ok).toBe(false);
        }
        if (fit.fits) expect(fit.earliest).toBe(want.start);
        seen[fit.fits ? 'yes' : fit.earliest === null ? 'never' : 'later']++;
        if (fit.earliest === null || fit.fits) return;
        const length = want.end - want.start;
        const at = (start: number) => book.admit({ start, end: start + length, amounts: want.amounts }).ok;
        expect(at(fit.earliest)).toBe(true);
        expect(instants(want.start, fit.earliest).some(at)).toBe(false);
      }),
      { numRuns: 1000 },
    );
    expect(Math.min(seen.yes, seen.later, seen.never)).toBeGreaterThan(20);
  });

  test('finds the earliest start in a book that is chopped as finely as can be', () => {
    const book = admissionBook({ ...CAPACITY, cpuMilli: 10 });
    const amounts = { cpuMilli: 10, memoryMiB: 0, diskMiB: 0, networkKbps: 0 };
    for (let i = 0; i < 10_000; i++) book.add(String(i), { start: i * 10, end: i * 10 + 5, amounts });
    const before = performance.now();
    for (let i = 0; i < 100; i++) expect(book.earliestFit(amounts, 6 + i, i)).toBe(99_995);
    expect(performance.now() - before).toBeLessThan(20_000); // one by one it would be a million looks
  }, 30_000);
});

describe('the views', () => {
  test('peak, free and earliest fit agree with checking every instant', () => {
    fc.assert(
      fc.property(admitted, claim, fc.nat(HORIZON), (held, want, from) => {
        for (const r of HARD_RESOURCES) {
          expect(peakUse(held, want)[r]).toBe(
            Math.max(...instants(want.start, want.end).map((t) => heldAt(held, t, r))),
          );
          expect(freeAt(CAPACITY, held, from)[r]).toBe(CAPACITY[r] - heldAt(held, from, r));
        }
        const length = want.end - want.start;
        const fitsAt = (s: number) => admit(CAPACITY, held, { start: s, end: s + length, amounts: want.amounts }).ok;
        const possible = HARD_RESOURCES.every((r) => want.amounts[r] <= CAPACITY[r]);
        const expected = possible ? (instants(from, HORIZON * 2 + 12).find(fitsAt) ?? null) : null;
        expect(earliestFit(CAPACITY, held, want.amounts, length, from)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the book', () => {
  const act = fc.oneof(
    fc.record({ do: fc.constant('add' as const), id: fc.nat(8), claim }),
    fc.record({ do: fc.constant('remove' as const), id: fc.nat(8), claim }),
    fc.record({ do: fc.constant('ask' as const), id: fc.nat(8), claim }),
  );

  test('says the same as one written anew, whatever was added and struck before', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40, size: 'max' }), (acts) => {
        const book = admissionBook(CAPACITY);
        const held = new Map<string, Claim>();
        for (const a of acts) {
          const id = String(a.id);
          if (a.do === 'add') {
            book.add(id, a.claim);
            held.set(id, a.claim);
          } else if (a.do === 'remove') {
            expect(book.remove(id)).toBe(held.delete(id));
          } else {
            expect(book.admit(a.claim)).toEqual(admit(CAPACITY, [...held.values()], a.claim));
            const others = [...held].filter(([key]) => key !== id).map(([, c]) => c);
            expect(book.admit(a.claim, id)).toEqual(admit(CAPACITY, others, a.claim));
          }
          expect(book.size).toBe(held.size);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('takes thousands of overlapping claims without growing slow', () => {
    const book = admissionBook({ cpuMilli: 1e9, memoryMiB: 1e9, diskMiB: 1e9, networkKbps: 1e9 });
    const one = { cpuMilli: 1, memoryMiB: 1, diskMiB: 1, networkKbps: 1 };
    const before = performance.now();
    for (let i = 0; i < 4000; i++) book.add(String(i), { start: i * 7, end: i * 7 + 1_000_000, amounts: one });
    for (let i = 0; i < 1000; i++) expect(book.admit({ start: i, end: i + 5000, amounts: one }).ok).toBe(true);
    for (let i = 0; i < 4000; i++) book.remove(String(i));
    expect(book.peakUse({ start: 0, end: 2_000_000 })).toEqual({
      cpuMilli: 0,
      memoryMiB: 0,
      diskMiB: 0,
      networkKbps: 0,
    });
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});
