import { describe, expect, test } from 'vitest';
import { problemAtField, problemInList } from './problem-words';

const noName = { code: 'INVALID_INPUT', facts: { field: 'shortName', problem: 'a slice needs a name' } } as const;

describe('a problem of the form', () => {
  test('is said at its field without the name that the program has for it', () => {
    expect(problemAtField(noName)).toBe('A slice needs a name.');
  });

  test('is said in a list by the label of its field', () => {
    expect(problemInList({ field: 'minCountries', reason: { ...noName, facts: { problem: 'at most 4' } } })).toBe(
      'Least number of countries: at most 4.',
    );
  });

  test('that names what it is about stands as it is', () => {
    const reason = { code: 'NAME_TAKEN', facts: { name: 'ucb_ocean' } } as const;
    expect(problemInList({ field: 'shortName', reason })).toBe(problemAtField(reason));
    expect(problemAtField(reason)).toContain('ucb_ocean');
  });
});
