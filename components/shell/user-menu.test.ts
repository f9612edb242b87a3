import { expect, test } from 'vitest';
import { initialsOf } from './user-menu';

test('initials are whole characters, of words', () => {
  expect(initialsOf('Rosa Researcher')).toBe('RR');
  expect(initialsOf('  ada   lovelace byron ')).toBe('AL');
  expect(initialsOf('<b>Éva</b> 🦊 Šimek')).toBe('BÉ');
  // A pair of surrogates cut in two would not survive the way to the browser.
  expect(initialsOf('𝒜da 🦊')).toBe('𝒜');
  expect(initialsOf('🦊')).toBe('');
});
