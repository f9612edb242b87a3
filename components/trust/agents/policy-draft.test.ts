import { expect, test } from 'vitest';
import type { PolicyChoice } from '@/protocol/agent/policy';
import { draftOf, policyOf } from './policy-draft';

const FIRST: PolicyChoice = { kind: 'first-come' };
const POLICIES: PolicyChoice[] = [
  FIRST,
  { kind: 'fair-share', waitSeconds: 1800 },
  { kind: 'quota', each: { slivers: 50, cpuMilli: 2500, diskMiB: 9 }, sites: { lab: { slivers: 10, memoryMiB: 5 } } },
  { kind: 'lottery', weight: 1, sites: { lab: 3, 'b.example:oslo': 2 }, drawSeconds: 600, waitSeconds: 3600 },
];

test.each(POLICIES)('$kind is what its fields say', (policy) => {
  expect(policyOf(draftOf(policy), policy)).toEqual({ ok: true, policy });
});

test('what cannot be is told with its field', () => {
  const quota = { ...draftOf(FIRST), kind: 'quota' as const };
  expect(policyOf({ ...quota, slivers: 'many' }, FIRST)).toMatchObject({ ok: false, field: 'each' });
  expect(policyOf({ ...quota, siteSlivers: 'lab\noslo 3' }, FIRST)).toMatchObject({ ok: false, field: 'sites' });
  expect(policyOf({ ...draftOf(FIRST), kind: 'lottery', drawMinutes: '' }, FIRST)).toMatchObject({
    ok: false,
    field: 'drawSeconds',
  });
  expect(policyOf({ ...quota, siteSlivers: 'lab: 4' }, FIRST)).toMatchObject({
    ok: true,
    policy: { sites: { lab: { slivers: 4 } } },
  });
});
