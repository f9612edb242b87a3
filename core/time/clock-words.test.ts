import { expect, test } from 'vitest';
import { clockWords } from './clock-words';

const now = Date.parse('2026-11-22T12:00:00Z');

test('says by how much a clock is off, or nothing', () => {
  expect(clockWords({ notBefore: now - 1, notAfter: now + 1, now })).toBeNull();
  expect(clockWords({ notBefore: now + 420_000, now })).toBe(
    'by the clock that judged it, it begins in 7 min: that clock is at least so much behind the issuer’s',
  );
  expect(clockWords({ notAfter: now - 3_600_000, now })).toMatch(/it ended 1 h ago: it was not renewed since/);
});
