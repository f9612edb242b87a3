import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type SliceSituation, sliceOutcome } from './outcome';

const situation = fc
  .record({
    state: fc.constantFrom('deploying', 'active', 'degraded', 'failed', 'suspended', 'deleting'),
    wanted: fc.integer({ min: 1, max: 6 }),
    minimum: fc.integer({ min: 1, max: 6 }),
    running: fc.nat(6),
    underway: fc.nat(6),
    failed: fc.nat(6),
    starting: fc.nat(6),
    growing: fc.boolean(),
    canSubstitute: fc.boolean(),
    planned: fc.boolean(),
  })
  .filter((s) => s.minimum <= s.wanted && s.starting <= s.underway && s.running + s.underway <= s.wanted)
  .map(({ failed, ...s }): SliceSituation => ({ ...s, notGone: s.running + s.underway + failed, tried: failed }));

test('deploying ends exactly when nothing is on its way and nothing can be tried, or the minimum is out of reach', () => {
  fc.assert(
    fc.property(situation, (s) => {
      const out = sliceOutcome({ ...s, state: 'deploying' });
      const missing = s.wanted > s.running + s.underway;
      const hopeless = !s.canSubstitute && s.running + s.underway < s.minimum;
      const over = !s.planned && (hopeless || (s.underway === 0 && !(missing && s.canSubstitute)));
      expect(out.state !== 'deploying').toBe(over);
      if (out.state === 'active') expect(s.running).toBe(s.wanted);
      if (out.state === 'degraded') expect(s.running).toBeGreaterThanOrEqual(s.minimum);
      if (out.state === 'failed') expect(out.releaseAll && s.running < s.minimum + s.underway).toBe(true);
      if (out.state === 'failed' || out.state === 'degraded') expect(out.reason).not.toBeNull();
    }),
  );
});

test('a deployed slice is never torn down for what its nodes do, and asking again changes nothing', () => {
  fc.assert(
    fc.property(situation, fc.constantFrom('active', 'degraded'), (s, state) => {
      const out = sliceOutcome({ ...s, state });
      expect(out.releaseAll).toBe(false);
      const coming =
        s.growing && (s.planned || s.starting > 0 || (s.canSubstitute && s.running + s.underway < s.wanted));
      const holds = s.running >= s.wanted || (coming && state === 'active');
      expect(out.state).toBe(holds ? 'active' : 'degraded');
      expect(out.grown).toBe(s.growing && (s.running >= s.wanted || !coming));
      if (out.state === 'degraded') expect(out.reason).not.toBeNull();
      expect(sliceOutcome({ ...s, state: out.state })).toEqual(out);
    }),
  );
});

test('deleting is over when nothing is left anywhere; other states are left alone', () => {
  fc.assert(
    fc.property(situation, (s) => {
      expect(sliceOutcome({ ...s, state: 'deleting' }).state).toBe(s.notGone === 0 ? 'deleted' : 'deleting');
      for (const state of ['failed', 'suspended', 'requested']) {
        expect(sliceOutcome({ ...s, state })).toEqual({
          state,
          reason: null,
          replan: false,
          releaseAll: false,
          grown: false,
        });
      }
    }),
  );
});
