import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeMove, MOVE_TRIES, movesAtOnce } from './change';

const situation = fc.record({
  changeable: fc.boolean(),
  from: fc.constantFrom('wanted' as const, 'failed' as const, 'gone' as const),
  to: fc.constantFrom('underway' as const, 'running' as const, 'failed' as const, null),
  tries: fc.nat(5),
  picked: fc.boolean(),
});

test('make before break: the old one goes only once the new one runs', () => {
  fc.assert(
    fc.property(situation, (m) => {
      const verdict = judgeMove(m);
      expect(verdict === 'done').toBe(m.changeable && m.from !== 'gone' && m.to === 'running');
      expect(verdict === 'cancel').toBe(!m.changeable || m.from === 'gone');
      if (verdict === 'retry') expect(m.picked || m.tries >= MOVE_TRIES).toBe(false);
      if (m.changeable && m.from !== 'gone' && (m.to === null || m.to === 'underway')) expect(verdict).toBe('wait');
    }),
  );
});

test('moves under way at once are bounded, and there is always one', () => {
  expect([1, 4, 5, 40, 1000].map(movesAtOnce)).toEqual([1, 1, 2, 10, 50]);
});
