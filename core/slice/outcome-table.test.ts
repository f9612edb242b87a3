import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sliceOutcome } from './outcome';
import { SLICE_EVENTS, SLICE_STATES, SLICE_TRANSITIONS } from './state';

test('what slivers make of a slice is always a transition of the table', () => {
  const n = fc.nat(4);
  fc.assert(
    fc.property(
      fc.record({
        state: fc.constantFrom(...SLICE_STATES),
        wanted: n,
        minimum: n,
        running: n,
        underway: n,
        starting: n,
        growing: fc.boolean(),
        notGone: n,
        canSubstitute: fc.boolean(),
        planned: fc.boolean(),
        tried: n,
      }),
      (situation) => {
        const row = SLICE_TRANSITIONS[situation.state];
        const reachable = [situation.state, ...SLICE_EVENTS.map((event) => row[event])];
        expect(reachable).toContain(sliceOutcome(situation).state);
      },
    ),
    { numRuns: 5000 },
  );
});
