import { expect, test } from 'vitest';
import { jsonbText } from './jsonb-text';
import { auditText } from './text';

test('prints as Postgres prints a jsonb', () => {
  expect(jsonbText({ bb: 1, a: [true, null, 'x"y'], ä: { c: -0.5 } })).toBe(
    '{"a": [true, null, "x\\"y"], "bb": 1, "ä": {"c": -0.5}}',
  );
  expect([1e21, 1.5e-7, -2e30, 0, 12.25].map(jsonbText)).toEqual([
    '1000000000000000000000',
    '0.00000015',
    '-2000000000000000000000000000000',
    '0',
    '12.25',
  ]);
});

test('no two rows have the same text', () => {
  const row = {
    id: '1',
    at: '2026-01-01T00:00:00.000Z',
    actorId: null,
    actor: 'a',
    action: 'b',
    objectKind: 'c',
    objectId: 'd',
    siteId: null,
  };
  const texts = [
    { ...row, facts: {} },
    { ...row, actorId: '', facts: {} },
    { ...row, actorId: '-', facts: {} },
    { ...row, actor: 'a\n1:b', action: 'b', facts: {} },
    { ...row, facts: { a: 1 } },
  ].map(auditText);
  expect(new Set(texts).size).toBe(texts.length);
});
