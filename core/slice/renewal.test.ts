import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusalOf } from '@/test/refused';
import { judgeRenewal, renewedEnd } from './renewal';
import { SLICE_STATES } from './state';

const DAY = 86_400;
const slice = (more = {}) => ({
  name: 'lab_a',
  state: 'active',
  startsAt: 0,
  endsAt: 10 * DAY * 1000,
  graceSeconds: DAY,
  ...more,
});

describe('the new end', () => {
  test('is the term after the present end, and no further ahead from now than the quota allows', () => {
    expect(renewedEnd(slice(), 14 * DAY, 30 * DAY, 9 * DAY * 1000)).toBe(24 * DAY * 1000);
    expect(renewedEnd(slice(), 14 * DAY, 15 * DAY, 9 * DAY * 1000)).toBe(24 * DAY * 1000);
    expect(refusalOf(() => renewedEnd(slice(), 14 * DAY, 15 * DAY, 9 * DAY * 1000 - 1))).toBe('TERM_TOO_LONG');
  });

  test('is no further from the start than nodes lease, all renewals counted', () => {
    expect(renewedEnd(slice(), 18 * DAY, 90 * DAY, 9 * DAY * 1000)).toBe(28 * DAY * 1000);
    expect(refusalOf(() => renewedEnd(slice(), 18 * DAY + 1, 90 * DAY, 9 * DAY * 1000))).toBe('TERM_TOO_LONG');
  });

  test('in the grace goes on from the end that passed, to the grace’s last instant', () => {
    const suspended = slice({ state: 'suspended' });
    expect(renewedEnd(suspended, DAY, 30 * DAY, 11 * DAY * 1000 - 1)).toBe(11 * DAY * 1000);
    expect(refusalOf(() => renewedEnd(suspended, DAY, 30 * DAY, 11 * DAY * 1000))).toBe('LEASE_OVER');
    expect(refusalOf(() => renewedEnd(suspended, 3600, 30 * DAY, 10.5 * DAY * 1000))).toBe('INVALID_INPUT');
  });

  test.each(SLICE_STATES)('a slice that is %s', (state) => {
    const code = refusalOf(() => renewedEnd(slice({ state }), DAY, 30 * DAY, 9 * DAY * 1000));
    expect(code).toBe(['active', 'degraded', 'suspended'].includes(state) ? 'accepted' : 'WRONG_STATE');
  });
});

test('a renewal moves the end when enough are renewed, and fails only when that cannot be any more', () => {
  const n = fc.nat(6);
  fc.assert(
    fc.property(n, n, n, fc.integer({ min: 1, max: 8 }), (renewed, hopeful, hopeless, minimum) => {
      const verdict = judgeRenewal({ renewed, remaining: hopeful + hopeless, hopeful, minimum });
      if (renewed >= minimum) expect(verdict).toBe('move');
      if (renewed > 0 && hopeful + hopeless === 0) expect(verdict).toBe('move');
      if (renewed === 0) expect(verdict).not.toBe('move');
      if (verdict === 'fail') expect(renewed + hopeful).toBeLessThan(Math.max(1, minimum));
      // What hoped comes to it, or no longer hopes: never worse than it was said to be.
      if (verdict === 'move')
        expect(judgeRenewal({ renewed: renewed + hopeful, remaining: hopeless, hopeful: 0, minimum })).toBe('move');
    }),
  );
});
