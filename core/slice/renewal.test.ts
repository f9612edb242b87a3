import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { refusalOf } from '@/test/refused';
import { judgeRenewal, renewalReason, renewedEnd } from './renewal';
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

/** The quota: how far ahead, and how long in all, in days. */
const quota = (ahead: number, total = 180) => ({ maxTermSeconds: ahead * DAY, maxTotalSeconds: total * DAY });

describe('the new end', () => {
  test('is the term after the present end, and no further ahead from now than the quota allows', () => {
    expect(renewedEnd(slice(), 14 * DAY, quota(30), 9 * DAY * 1000)).toBe(24 * DAY * 1000);
    expect(renewedEnd(slice(), 14 * DAY, quota(15), 9 * DAY * 1000)).toBe(24 * DAY * 1000);
    expect(refusalOf(() => renewedEnd(slice(), 14 * DAY, quota(15), 9 * DAY * 1000 - 1))).toBe('TERM_TOO_LONG');
  });

  test('is no further ahead than nodes promise, whatever the quota says', () => {
    expect(renewedEnd(slice(), 27 * DAY, quota(90), 9 * DAY * 1000)).toBe(37 * DAY * 1000);
    expect(refusalOf(() => renewedEnd(slice(), 27 * DAY + 1, quota(90), 9 * DAY * 1000))).toBe('TERM_TOO_LONG');
  });

  test('is no further from the first start than the maximum in total, and says what is left', () => {
    const old = slice({ endsAt: 170 * DAY * 1000 });
    const now = 169 * DAY * 1000;
    expect(renewedEnd(old, 10 * DAY, quota(28), now)).toBe(180 * DAY * 1000);
    expect(refusalOf(() => renewedEnd(old, 10 * DAY + 1, quota(28), now))).toBe('TOTAL_TOO_LONG');
    expect(() => renewedEnd(old, 14 * DAY, quota(28), now)).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ leftSeconds: 10 * DAY, maxSeconds: 180 * DAY }) }),
    );
    expect(() => renewedEnd(slice({ endsAt: 200 * DAY * 1000 }), DAY, quota(28), 199 * DAY * 1000)).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ leftSeconds: 0 }) }),
    );
  });

  test('never passes a limit, however it is renewed', () => {
    const days = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(
        fc.array(days, { maxLength: 12 }),
        fc.integer({ min: 1, max: 28 }),
        fc.integer({ min: 20, max: 200 }),
        (terms, ahead, total) => {
          let endsAt = 10 * DAY * 1000;
          for (const term of terms) {
            const now = endsAt - DAY * 1000;
            try {
              endsAt = renewedEnd(slice({ endsAt }), term * DAY, quota(ahead, total), now);
            } catch {
              continue;
            }
            expect(endsAt).toBeLessThanOrEqual(total * DAY * 1000);
            expect(endsAt - now).toBeLessThanOrEqual(ahead * DAY * 1000);
          }
        },
      ),
    );
  });

  test('in the grace goes on from the end that passed, to the grace’s last instant', () => {
    const suspended = slice({ state: 'suspended' });
    expect(renewedEnd(suspended, DAY, quota(30), 11 * DAY * 1000 - 1)).toBe(11 * DAY * 1000);
    expect(refusalOf(() => renewedEnd(suspended, DAY, quota(30), 11 * DAY * 1000))).toBe('LEASE_OVER');
    expect(refusalOf(() => renewedEnd(suspended, 3600, quota(30), 10.5 * DAY * 1000))).toBe('INVALID_INPUT');
  });

  test.each(SLICE_STATES)('a slice that is %s', (state) => {
    const code = refusalOf(() => renewedEnd(slice({ state }), DAY, quota(30), 9 * DAY * 1000));
    expect(code).toBe(['active', 'degraded', 'suspended'].includes(state) ? 'accepted' : 'WRONG_STATE');
  });
});

test('where nobody has authority to renew, the reason says so and until when it runs', () => {
  const end = new Date('2026-04-01T00:00:00Z');
  for (const code of ['NOT_DELEGATED', 'REVOKED'] as const)
    expect(renewalReason({ code, facts: {} }, 'node1', end)).toEqual({
      code: 'NOBODY_MAY_RENEW',
      facts: { node: 'node1', why: code, leaseEndsAt: end.toISOString() },
    });
  const away = { code: 'NODE_UNREACHABLE' as const, facts: { node: 'node1' } };
  expect(renewalReason(away, 'node1', end)).toBe(away);
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
