import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOGIN_BASE, SLICE_NAME } from '../identity/urn';
import { parseSliceName, sliceName, sliceNameProblem } from './name';

test('a name is made exactly when it is a valid one, and comes apart again', () => {
  const word = fc.string({ unit: fc.constantFrom(...'abz09_-A'), maxLength: 34 });
  fc.assert(
    fc.property(word, word, (base, short) => {
      const problem = sliceNameProblem(base, short);
      expect(problem === null).toBe(LOGIN_BASE.test(base) && SLICE_NAME.test(`${base}_${short}`));
      if (problem === null) expect(parseSliceName(sliceName(base, short))).toEqual({ loginBase: base, short });
      else expect(() => sliceName(base, short)).toThrow(expect.objectContaining({ facts: { field: 'name', problem } }));
    }),
    { numRuns: 5000 },
  );
});

test('says what is wrong', () => {
  expect(sliceNameProblem('lab', '')).toBe('a slice needs a name');
  expect(sliceNameProblem('lab', 'Tides')).toBe('use lower-case letters and digits, beginning with a letter');
  expect(sliceNameProblem('lab', 't'.repeat(29))).toBe('with the site’s prefix lab_ it may have at most 28 characters');
  expect(sliceNameProblem('lab', 't'.repeat(28))).toBeNull();
});
