import { expect, test } from 'vitest';
import { TerminalWhy } from '@/protocol/api/terminal';
import { overWords } from './over-words';

test('each end of a terminal is said in a sentence', () => {
  for (const why of TerminalWhy.options) {
    const text = overWords({ why, exitCode: why === 'exited' ? 3 : null, reason: null });
    expect(text).toMatch(/^[A-Z].*\.$/);
  }
  expect(overWords({ why: 'exited', exitCode: 3, reason: null })).toContain('3');
  expect(overWords({ why: 'exited', exitCode: 137, reason: null })).toContain('killed');
  const reason = { code: 'NOT_FOUND', facts: { kind: 'slice' } };
  expect(overWords({ why: 'refused', exitCode: null, reason })).toContain('no longer a member');
});
