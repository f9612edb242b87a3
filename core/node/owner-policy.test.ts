import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refused } from '../errors';
import { judgeSlice, matches, OPEN_POLICY, offered, policyWords, stricter } from './owner-policy';

const slice = (site: string, name: string) => `urn:publicid:IDN+meridian:${site}+slice+${site}_${name}`;
const lets = (policy: Partial<typeof OPEN_POLICY>, urn: string) => {
  try {
    judgeSlice({ ...OPEN_POLICY, ...policy }, 'n', urn);
    return true;
  } catch (err) {
    return err instanceof Refused ? err.facts.what : err;
  }
};

test('what is barred may not; where some are allowed by name, only they may; barring counts before allowing', () => {
  expect(lets({}, slice('lab', 'one'))).toBe(true);
  expect(lets({ slices: { allow: [], bar: ['lab_one'] } }, slice('lab', 'one'))).toBe('slice');
  expect(lets({ slices: { allow: [], bar: ['lab_on'] } }, slice('lab', 'one'))).toBe(true);
  expect(lets({ slices: { allow: ['lab_*'], bar: ['*_one'] } }, slice('lab', 'one'))).toBe('slice');
  expect(lets({ slices: { allow: ['lab_*'], bar: ['*_one'] } }, slice('lab', 'two'))).toBe(true);
  expect(lets({ slices: { allow: ['lab_*'], bar: [] } }, slice('uni', 'one'))).toBe('slice');
  expect(lets({ slices: { allow: ['urn:publicid:IDN+meridian:lab+slice+*'], bar: [] } }, slice('lab', 'x'))).toBe(true);
  expect(lets({ slices: { allow: ['urn:publicid:IDN+other*'], bar: [] } }, slice('lab', 'x'))).toBe('slice');
  expect(lets({ sites: { allow: [], bar: ['la?'] } }, slice('lab', 'x'))).toBe(true);
  expect(lets({ sites: { allow: [], bar: ['LAB'] } }, slice('lab', 'x'))).toBe('site');
  expect(lets({ sites: { allow: ['uni*'], bar: [] } }, slice('university', 'x'))).toBe(true);
  expect(lets({ sites: { allow: ['uni*'], bar: [] } }, 'urn:publicid:IDN+meridian+slice+x_y')).toBe('site'); // of no site
});

test('a pattern matches as the regular expression that it stands for', () => {
  const letters = (max: number) => fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: max });
  fc.assert(
    fc.property(letters(6), letters(10), (pattern, raw) => {
      const text = raw.replaceAll('*', 'b');
      expect(matches(pattern, text)).toBe(new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text));
    }),
    { numRuns: 3000 },
  );
});

test('the stricter switch holds; what is kept is not offered, and never less than nothing is', () => {
  expect(stricter('open', 'draining')).toBe('draining');
  expect(stricter('closed', 'draining')).toBe('closed');
  const reserve = { cpuMilli: 500, memoryMiB: 9_999, diskMiB: 0, networkKbps: 0 };
  expect(offered({ cpuMilli: 2000, memoryMiB: 100, diskMiB: 7, networkKbps: 1 }, { ...OPEN_POLICY, reserve })).toEqual({
    cpuMilli: 1500,
    memoryMiB: 0,
    diskMiB: 7,
    networkKbps: 1,
  });
});

test('reads as sentences', () => {
  expect(policyWords(OPEN_POLICY)).toEqual(['Slivers may publish ports 10000 to 60999.']);
  expect(
    policyWords({
      reserve: { cpuMilli: 1500, memoryMiB: 2048, diskMiB: 0, networkKbps: 0 },
      slices: { allow: ['lab_*'], bar: [] },
      sites: { allow: [], bar: ['spam'] },
      ports: null,
      maxSlivers: 20,
      maxTermSeconds: 604_800,
      adminSwitch: 'draining',
      agents: [
        { agent: 'am', shareMilli: 500, degreeMilli: 1000 },
        { agent: 'am.class*', shareMilli: 125, degreeMilli: 1500 },
      ],
    }),
  ).toEqual([
    'Takes no new slivers: its owner has set it to draining.',
    'Keeps 1.5 cores of CPU, 2,048 MiB of memory for its owner.',
    'Takes only slices lab_*.',
    'Takes no slices of the sites spam.',
    'Holds at most 20 slivers at a time.',
    'Leases for at most 7 days.',
    'Lets only these agents hand out its resources: am up to 50 %; am.class* up to 12.5 %, promised up to 1.5 times over.',
    'Slivers may publish no ports.',
  ]);
});
