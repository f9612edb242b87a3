import { expect, test } from 'vitest';
import { safeNext } from './safe-next';

test.each([
  ['/slices/ucb_ocean?view=timeline', '/slices/ucb_ocean?view=timeline'],
  ['/', '/'],
  [undefined, '/'],
  [['/a', '/b'], '/'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['https://evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['/sign-in?next=/sign-in', '/'],
  ['/api/auth/sign-out', '/'],
])('after signing in, %j leads to %s', (next, to) => {
  expect(safeNext(next)).toBe(to);
});
