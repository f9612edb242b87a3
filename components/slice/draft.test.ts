import { describe, expect, test } from 'vitest';
import { type Draft, defaultMinimum, emptyDraft, fieldOf, readDraft, readForCheck, totalOf } from './draft';

const draft = (over: Partial<Draft> = {}): Draft => ({
  ...emptyDraft('ucb'),
  shortName: 'ocean',
  reason: 'Measure the tides of the network.',
  ...over,
});

describe('a draft', () => {
  test('is read into the amounts that the API takes', () => {
    const { spec, errors } = readDraft(
      draft({ count: '1,000', cores: '0.25', networkMbps: '1.5', days: '0.5', minimum: '900' }),
    );
    expect(errors).toEqual({});
    expect(spec).toMatchObject({ count: 1000, termSeconds: 43_200, minimum: 900, maxPerSite: 1000 });
    expect(spec?.resources).toMatchObject({ cpuMilli: 250, networkKbps: 1500 });
  });

  test('names the field of each mistake, and gives no spec', () => {
    const { spec, errors } = readDraft(
      draft({ shortName: 'Ocean!', reason: 'short', count: 'many', memoryMiB: '', days: '', cores: 'x', minimum: '3' }),
    );
    expect(spec).toBeNull();
    expect(Object.keys(errors).sort()).toEqual(
      ['cores', 'count', 'days', 'memoryMiB', 'minimum', 'reason', 'shortName'].filter((f) => f in errors).sort(),
    );
    expect(errors).toMatchObject({
      shortName: expect.stringContaining('Lower-case'),
      reason: expect.stringContaining('10 characters'),
      count: 'Enter a whole number.',
      days: 'Enter a number of days.',
    });
  });

  test('asks for something: no nodes at all is a mistake, picked ones alone are not', () => {
    expect(readDraft(draft({ count: '0' })).errors.count).toBeDefined();
    expect(readDraft(draft({ count: '', picked: ['urn:a'] })).errors.count).toBeUndefined();
    expect(totalOf(draft({ count: '5', picked: ['urn:a', 'urn:b'] }))).toBe(7);
  });

  test('wants four of five unless it says so, or all of them', () => {
    expect(readDraft(draft({ count: '27' })).spec?.minimum).toBe(22);
    expect(readDraft(draft({ count: '27', tolerance: 'all' })).spec?.minimum).toBe(27);
    expect(defaultMinimum(1)).toBe(1);
    expect(readDraft(draft({ count: '2', minimum: '3' })).errors.minimum).toContain('cannot be more');
  });

  test('can be checked while name and reason are still empty, and is sent as it stands', () => {
    expect(readForCheck(draft({ shortName: '', reason: '' }))).toMatchObject({ shortName: '', reason: '', count: 10 });
    expect(readForCheck(draft({ count: 'x' }))).toBeNull();
  });
});

test('a field that the server names is found in the form', () => {
  expect(fieldOf('resources.memoryMiB')).toBe('memoryMiB');
  expect(fieldOf('picked.12')).toBe('picked');
  expect(fieldOf('termSeconds')).toBe('days');
  expect(fieldOf('constructor')).toBeNull();
});
